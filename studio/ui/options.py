"""How the server is started: each option by command line or environment, checked before anything heavy loads."""

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.errors import BadRequest
from studio.words import Words

LANGUAGES = ("auto", "zh", "en")


@dataclass(frozen=True)
class Options:
    """Where and for whom the studio is served."""

    host: str = "127.0.0.1"
    port: int = 7860
    folder: Path | None = None  # the data folder; None is the platform's own place
    models: Path | None = None  # a folder with models in their published layout
    language: str = "auto"  # auto follows the browser
    ray: str = ""  # a Ray cluster that renders scripts
    root_path: str = ""  # the path below which a proxy shows the studio, e.g. "/timbre"
    login: tuple[str, str] | None = None  # user and password
    allow_hosts: tuple[str, ...] = ()  # names under which it may be asked, beside localhost and addresses
    open_browser: bool | None = None  # None: only where there is a desktop
    api_only: bool = False  # without the page
    require_key: bool = False  # also on this machine
    insecure: bool = False  # an API that anybody in reach may ask

    @property
    def local(self) -> bool:
        """Only this machine can reach it."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    @property
    def alone(self) -> bool:
        """Only the person at this machine uses it: reached from nowhere else, by no proxy, without a login."""
        return self.local and not (self.login or self.root_path or self.allow_hosts)

    @property
    def address(self) -> str:
        """What a person types into the browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        if ":" in host and not host.startswith("["):
            host = f"[{host}]"
        return f"http://{host}:{self.port}{self.root_path}/"


HELP = {
    "host": Words("address to listen on", "监听地址"),
    "port": Words("port", "端口"),
    "home": Words("data folder", "数据文件夹"),
    "models": Words("folder with models in their published layout", "模型文件夹（发布时的目录结构）"),
    "language": Words("auto (follow the browser), zh or en", "界面语言：auto（跟随浏览器）、zh 或 en"),
    "ray": Words("address of a Ray cluster that renders productions", "用于渲染作品的 Ray 集群地址"),
    "root_path": Words("path below which a proxy serves the studio", "反向代理下的路径"),
    "login": Words("user:password; better set by TIMBRE_LOGIN", "用户名:密码；建议用 TIMBRE_LOGIN 设置"),
    "allow_host": Words("host name it may be reached by (repeatable)", "允许访问的主机名（可重复）"),
    "open_browser": Words("open the page when ready", "就绪后打开浏览器"),
    "api_only": Words("serve the API without the page", "只提供 API，不提供页面"),
    "require_key": Words("the API asks for a key also on this machine", "本机访问 API 也需要密钥"),
    "insecure": Words("let anybody in reach use the API without a key", "允许任何能访问到的人无密钥使用 API"),
}


def parser(language: str = "en") -> argparse.ArgumentParser:
    """The command line of `app.py`. Defaults stay unset here, so that the environment can fill them."""
    about = Words("Timbre Studio: the studio in the browser.", "音色工坊：在浏览器里使用。")
    made = argparse.ArgumentParser("app.py", description=about.text(language))
    made.add_argument("--host", help=f"{HELP['host'].text(language)} (TIMBRE_HOST, 127.0.0.1)")
    made.add_argument("--port", help=f"{HELP['port'].text(language)} (TIMBRE_PORT, 7860)")
    made.add_argument("--home", "--data-dir", dest="home", help=f"{HELP['home'].text(language)} (TIMBRE_HOME)")
    made.add_argument("--models", help=f"{HELP['models'].text(language)} (TIMBRE_MODELS)")
    made.add_argument("--language", help=f"{HELP['language'].text(language)} (TIMBRE_LANGUAGE, auto)")
    made.add_argument("--ray", help=f"{HELP['ray'].text(language)} (TIMBRE_RAY)")
    made.add_argument("--root-path", help=f"{HELP['root_path'].text(language)} (TIMBRE_ROOT_PATH)")
    made.add_argument("--login", help=f"{HELP['login'].text(language)} (TIMBRE_LOGIN)")
    made.add_argument("--allow-host", action="append", help=f"{HELP['allow_host'].text(language)} (TIMBRE_ALLOW_HOST)")
    made.add_argument(
        "--open-browser",
        action=argparse.BooleanOptionalAction,
        default=None,
        help=f"{HELP['open_browser'].text(language)} (TIMBRE_OPEN_BROWSER)",
    )
    for name in ("api_only", "require_key", "insecure"):
        option, variable = f"--{name.replace('_', '-')}", f"TIMBRE_{name.upper()}"
        made.add_argument(option, action="store_const", const="true", help=f"{HELP[name].text(language)} ({variable})")
    return made


def read_options(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> Options:
    """Options from the command line, then the environment, then the defaults; `BadRequest` names the wrong one."""
    environment = os.environ if environment is None else environment
    given = vars(parser(terminal_language(environment)).parse_args(arguments))

    def pick(name: str, default: str = "") -> str:
        value = given[name]
        return str(value) if value is not None else environment.get(f"TIMBRE_{name.upper()}", "") or default

    return Options(
        host=pick("host", "127.0.0.1"),
        port=_port(pick("port", "7860")),
        folder=Path(home).expanduser() if (home := pick("home")) else None,
        models=Path(models).expanduser() if (models := pick("models")) else None,
        language=_language(pick("language", "auto")),
        ray=pick("ray"),
        root_path=_root_path(pick("root_path")),
        login=_login(pick("login")),
        allow_hosts=tuple(given["allow_host"] or environment.get("TIMBRE_ALLOW_HOST", "").replace(",", " ").split()),
        open_browser=_switch(pick("open_browser")),
        **{name: bool(_switch(pick(name), name)) for name in ("api_only", "require_key", "insecure")},
    )


def terminal_language(environment: Mapping[str, str] | None = None) -> str:
    """`zh` or `en`, by TIMBRE_LANGUAGE or the locale of the terminal."""
    environment = os.environ if environment is None else environment
    names = ("TIMBRE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    first = next((environment[n] for n in names if environment.get(n) and environment[n] != "auto"), "en")
    return "zh" if first.lower().startswith("zh") else "en"


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise BadRequest(
        f"port {text}: takes a whole number from 1 to 65535, such as 7860",
        f"端口 {text}：应为 1 到 65535 的整数，例如 7860",
        where="port",
    )


def _language(text: str) -> str:
    if text in LANGUAGES:
        return text
    raise BadRequest(f"language “{text}”: takes auto, zh or en", f"语言“{text}”：可选 auto、zh、en", where="language")


def _root_path(text: str) -> str:
    path = "/" + text.strip("/") if text.strip("/") else ""
    if re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", path):
        return path
    raise BadRequest(
        f"root path “{text}”: takes a path such as /timbre",
        f"根路径“{text}”：应为 /timbre 这样的路径",
        where="root_path",
    )


def _login(text: str) -> tuple[str, str] | None:
    if not text:
        return None
    user, colon, password = text.partition(":")
    if user and colon and password:
        return user, password
    raise BadRequest(
        "login: takes user:password, both not empty",
        "登录：格式为 用户名:密码，两者都不能为空",
        where="login",
    )


def _switch(text: str, name: str = "open_browser") -> bool | None:
    if not text:
        return None
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off"):
        return False
    raise BadRequest(
        f"{name} “{text}”: takes true or false",
        f"{name}“{text}”：应为 true 或 false",
        where=name,
    )
