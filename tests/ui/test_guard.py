"""Names, other sites, the login, the root path, languages: over HTTP."""

import base64
from collections.abc import Iterator

import httpx
import pytest

from studio.studio import Studio
from studio.ui.guard import host_of
from studio.ui.options import Options

from .conftest import served


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost:7860", "localhost"),
        ("LOCALHOST", "localhost"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("[::1]:7860", "::1"),
        ("[::1]", "::1"),
        ("a.b", "a.b"),
        ("", ""),
    ],
)
def test_host_of(header: str, name: str) -> None:
    assert host_of(header) == name


@pytest.mark.parametrize("path", ["/", "/config", "/ui/x/studio.js", "/stream/x.pcm"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "localhost.evil.example", "127.0.0.1.evil.example", ""]
)
def test_a_strange_name_is_refused(client: httpx.Client, path: str, host: str) -> None:
    assert client.get(path, headers={"host": host}).status_code == 400


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]:7860", "192.168.1.20:7860"])
def test_known_names_and_addresses_are_served(client: httpx.Client, host: str) -> None:
    assert client.get("/config", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize(
    "path", ["/manuscripts", "/gradio_api/component_server/", "/gradio_api/queue/join", "/gradio_api/upload"]
)
def test_a_page_of_another_site_may_not_post(client: httpx.Client, path: str, headers: dict[str, str]) -> None:
    assert client.post(path, headers=headers, content=b"{}").status_code == 403


def test_our_own_page_may_post(client: httpx.Client, address: str) -> None:
    headers = {"origin": address, "sec-fetch-site": "same-origin"}
    assert client.post("/manuscripts?name=a.txt", headers=headers, content=b"hello").status_code == 200


@pytest.fixture(scope="module")
def locked(studio: Studio) -> Iterator[str]:
    with served(studio, Options(login=("晚风", "pass:word"))) as url:
        yield url


PATHS = [
    "/config",
    "/gradio_api/info",
    "/gradio_api/file=x",
    "/ui/x/studio.js",
    "/stream/x.pcm",
    "/takes/x.wav",
    "/takes/x/peaks.json",
    "/productions/x/file",
    "/theme.css",
    "/openapi.json",
    "/gradio_api/startup-events",
]


@pytest.mark.parametrize("path", PATHS)
def test_without_login_nothing_is_open(locked: str, path: str) -> None:
    answer = httpx.get(locked + path, trust_env=False)
    assert answer.status_code == 401
    assert answer.text == "Log in first: open the studio's page in a browser."


@pytest.mark.parametrize(
    "path", ["/manuscripts", "/gradio_api/upload", "/gradio_api/component_server/", "/gradio_api/run/predict"]
)
def test_without_login_nothing_can_be_posted(locked: str, path: str) -> None:
    assert httpx.post(locked + path, content=b"{}", trust_env=False).status_code == 401


@pytest.mark.parametrize(("language", "text"), [("zh-HK", "用户名"), ("en", "User")])
def test_the_login_page_is_in_the_readers_language(locked: str, language: str, text: str) -> None:
    answer = httpx.get(locked + "/", headers={"accept-language": language}, trust_env=False)
    assert answer.status_code == 401
    assert f">{text}<" in answer.text


def test_login_with_the_form_then_everything_is_open(locked: str) -> None:
    with httpx.Client(base_url=locked, trust_env=False) as client:
        wrong = client.post("/enter", data={"user": "晚风", "password": "word"}, headers={"accept-language": "zh"})
        assert wrong.status_code == 401
        assert "不对" in wrong.text
        assert "set-cookie" not in wrong.headers
        right = client.post("/enter", data={"user": "晚风", "password": "pass:word"})
        assert right.status_code == 303
        assert right.headers["location"] == "/"
        cookie = right.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert client.get("/config").status_code == 200
        assert "gradio" in client.get("/").text


def test_a_forged_session_is_refused(locked: str) -> None:
    for value in ("99999999999." + "0" * 64, "99999999999.", "x.y", "1"):
        assert (
            httpx.get(locked + "/config", headers={"cookie": f"timbre-session={value}"}, trust_env=False).status_code
            == 401
        )


def test_programs_use_basic(locked: str) -> None:
    def get(pair: str) -> int:
        code = base64.b64encode(pair.encode()).decode()
        return httpx.get(locked + "/config", headers={"authorization": f"Basic {code}"}, trust_env=False).status_code

    assert get("晚风:pass:word") == 200
    assert get("晚风:pass") == 401
    assert httpx.get(locked + "/config", headers={"authorization": "Basic ???"}, trust_env=False).status_code == 401


@pytest.fixture(scope="module")
def below(studio: Studio) -> Iterator[str]:
    with served(studio, Options(root_path="/timbre", language="zh")) as url:
        yield url


@pytest.mark.parametrize("prefix", ["", "/timbre"])
def test_below_a_path_whether_the_proxy_strips_it_or_not(below: str, prefix: str) -> None:
    page = httpx.get(below + prefix + "/", trust_env=False)
    assert page.status_code == 200
    assert 'src="/timbre/ui/' in page.text
    script = page.text.split('type="module" src="/timbre', 1)[1].split('"', 1)[0]
    assert httpx.get(below + prefix + script, trust_env=False).status_code == 200
    config = httpx.get(below + prefix + "/config", trust_env=False).json()
    assert config["root"].endswith("/timbre")


def test_a_language_by_option_goes_before_the_browser(below: str) -> None:
    page = httpx.get(below + "/", headers={"accept-language": "en"}, trust_env=False).text
    assert '"language": "zh"' in page
    assert '"forced": true' in page


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({"accept-language": "zh-HK"}, "zh"),
        ({"accept-language": "zh"}, "zh"),
        ({"accept-language": "zh-Hans-CN"}, "zh"),
        ({"accept-language": "en-US"}, "en"),
        ({"accept-language": "fr"}, "en"),
        ({"accept-language": "zh", "cookie": "timbre-language=en"}, "en"),
    ],
)
def test_the_first_script_fixes_the_language(client: httpx.Client, headers: dict[str, str], language: str) -> None:
    page = client.get("/", headers=headers).text
    assert f'"language": "{language}"' in page
    assert page.index("window.TIMBRE") < page.index('<script type="module"') or page.index(
        "window.TIMBRE"
    ) < page.index("gradio_config")


def test_errors_come_in_the_readers_language(client: httpx.Client) -> None:
    english = client.get("/stream/none.pcm", headers={"accept-language": "en"})
    chinese = client.get("/stream/none.pcm", headers={"accept-language": "zh-TW"})
    assert english.status_code == chinese.status_code == 404
    assert "播放" in chinese.json()["error"]["text"]
    assert "performance" in english.json()["error"]["text"]


def test_static_files_are_kept_only_under_their_own_edition(client: httpx.Client) -> None:
    from studio.ui.page import edition

    assert "immutable" in client.get(f"/ui/{edition()}/studio.css").headers["cache-control"]
    assert client.get("/ui/old/studio.css").headers["cache-control"] == "no-store"
    assert client.get("/ui/x/../server.py").status_code == 404
    assert client.get("/ui/x/%2e%2e%2fserver.py").status_code == 404
    assert client.get("/ui/x/nothing.js").status_code == 404
