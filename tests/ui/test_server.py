"""Starting and ending the server, in a process of its own as a person would."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from studio.errors import InUse, NotWritable
from studio.ui.options import Options
from studio.ui.server import listen, wants_browser

from .conftest import free_port

ROOT = Path(__file__).parents[2]


def start(*options: str, language: str = "en") -> subprocess.Popen[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TIMBRE_", "LC_", "LANG"))}
    environment |= {"LANG": {"en": "en_US.UTF-8", "zh": "zh_CN.UTF-8"}[language], "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, str(ROOT / "app.py"), "--no-open-browser", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def wait_for(address: str, process: subprocess.Popen[str]) -> None:
    for _ in range(300):
        try:
            httpx.get(address, trust_env=False, timeout=2)
            return
        except httpx.TransportError:
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            time.sleep(0.1)
    raise AssertionError("no answer within 30 s")


def test_it_serves_says_where_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    port = free_port()
    process = start("--port", str(port), "--home", str(tmp_path), language="zh")
    try:
        wait_for(f"http://127.0.0.1:{port}/", process)
        assert httpx.get(f"http://127.0.0.1:{port}/config", trust_env=False).status_code == 200
        other = start("--port", str(free_port()), "--home", str(tmp_path))
        _, said = other.communicate(timeout=60)
        assert other.returncode == 5
        assert "already running a server" in said
        assert f"http://127.0.0.1:{port}/" in said
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert "音色工坊已就绪" in out
        assert f"http://127.0.0.1:{port}/" in out
        assert process.returncode in (0, 130), err
        assert "Traceback" not in err
    finally:
        process.kill()


@pytest.mark.parametrize(("language", "says"), [("en", "in use by another program"), ("zh", "已被其他程序占用")])
def test_a_port_in_use_ends_with_5_and_says_what_to_do(tmp_path: Path, language: str, says: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start("--port", str(port), "--home", str(tmp_path), language=language)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 5
    assert says in err
    assert f"--port {port % 65535 + 1}" in err
    assert "Traceback" not in err + out


def test_a_wrong_option_ends_with_2(tmp_path: Path) -> None:
    process = start("--port", "99999", "--home", str(tmp_path))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "1 to 65535" in err


def test_a_folder_that_cannot_be_written_ends_with_5(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    process = start("--port", str(free_port()), "--home", str(tmp_path / "file"))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 5
    assert "file" in err
    assert "Traceback" not in err


def test_listen_names_what_is_wrong() -> None:
    with pytest.raises(NotWritable, match="no such address"):
        listen(Options(host="no-such-host.invalid", port=free_port()))
    with pytest.raises(NotWritable, match=r"203\.0\.113\.7"):
        listen(Options(host="203.0.113.7", port=free_port()))
    port = free_port()
    first = listen(Options(port=port))
    with first, pytest.raises(InUse):
        listen(Options(port=port))


def test_the_browser_is_opened_only_where_a_person_sits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("SSH_CONNECTION", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not wants_browser(Options())
    monkeypatch.setenv("DISPLAY", ":0")
    assert wants_browser(Options())
    assert not wants_browser(Options(open_browser=False))
    monkeypatch.setenv("SSH_CONNECTION", "1")
    assert not wants_browser(Options())
    assert wants_browser(Options(open_browser=True))
