"""Make what the studio stands on: its virtual environment and, for the tests, a browser, a font and a database server.

The Makefile calls it before every command, so the usual answer, “everything is there”, must come at once: a stamp in
the environment holds the digest of what was asked for, and is only written after the installation has succeeded. It
runs before anything is installed, therefore with the standard library alone.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
REQUIREMENTS = {"run": ["requirements.txt"], "test": ["requirements.txt", "requirements-dev.txt"]}
WARM = "from studio.voices.cepstra import warm; warm()"
PATIENCE = 5.0  # seconds before something that may have been the network's fault is tried again


class Need(NamedTuple):
    """Something beside Python packages that the tests use."""

    package: str  # Debian's
    there: Callable[[], bool]
    used_for: str


def say(en: str, zh: str) -> None:
    """One line for whoever ran `make`, in the language of the terminal."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    print(zh if locale.lower().startswith("zh") else en, file=sys.stderr, flush=True)


def give_up(en: str, zh: str) -> NoReturn:
    say(en, zh)
    raise SystemExit(1)


def python_in(venv: Path) -> Path:
    """The interpreter of a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Only one preparation at a time in this folder; a second `make` waits for the first."""
    try:
        import fcntl
    except ImportError:  # Windows; two at once are the user's to avoid there
        yield
        return
    with open(ROOT / "requirements.txt", encoding="utf-8") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        yield


def answers(*command: str | Path) -> str | None:
    """What a command prints, or None where it fails or does not exist."""
    try:
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def wanted(kind: str) -> str:
    """The digest of what an environment of this kind must hold: the requirement files and the Python below."""
    said = hashlib.sha256(f"{sys.version_info[:2]} {sys.platform}".encode())
    for name in REQUIREMENTS[kind]:
        said.update((ROOT / name).read_bytes())
    return said.hexdigest()


def environment(kind: str) -> None:
    """`.venv` with the requirements of `kind`; nothing is done when the stamp says that they are in it."""
    stamp, digest = VENV / f".ready-{kind}", wanted(kind)
    if stamp.exists() and stamp.read_text("utf-8") == digest and python_in(VENV).exists():
        return
    stamp.unlink(missing_ok=True)
    make_venv()
    say(
        f"Installing what the studio needs ({', '.join(REQUIREMENTS[kind])}); the first time takes a minute or two …",
        f"正在安装所需的软件包（{'、'.join(REQUIREMENTS[kind])}），第一次需要一两分钟……",
    )
    install(REQUIREMENTS[kind])
    compile_ahead()
    half = stamp.with_suffix(".half")
    half.write_text(digest, "utf-8")
    half.replace(stamp)


def make_venv() -> None:
    """A virtual environment that works; a half-made one, or one of another Python, is made anew."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    asked = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
    if answers(python_in(VENV), "-c", asked) == version:
        return
    say(f"Making {VENV.name} with Python {version} …", f"正在用 Python {version} 创建 {VENV.name}……")
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)]).returncode:
        give_up(
            f"{sys.executable} cannot make a virtual environment. On Debian and Ubuntu: sudo apt install python3-venv",
            f"{sys.executable} 无法创建虚拟环境。Debian 或 Ubuntu 请先执行：sudo apt install python3-venv",
        )


def install(files: list[str]) -> None:
    """The packages that `files` list, tried twice; a failure says what to do about it."""
    command = [str(python_in(VENV)), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--retries", "5", "--timeout", "60", *torch_build()]
    for name in files:
        command += ["-r", str(ROOT / name)]
    for attempt in (1, 2):
        if subprocess.run(command).returncode == 0:
            return
        if attempt == 1:
            time.sleep(PATIENCE)
    give_up(
        "pip could not install the packages (its reason stands above). If the network is slow or blocked, name a "
        "mirror near you in the environment variable PIP_INDEX_URL and run the same command again; nothing is lost.",
        "pip 未能装好所需的软件包（原因见上）。如果是网络慢或不通，请用环境变量 PIP_INDEX_URL 指定就近的镜像，"
        "再执行一次同样的命令；已下载的部分不会白费。",
    )


def compile_ahead() -> bool:
    """Let numba compile what librosa is made of and keep it beside librosa, so that nobody waits for it later."""
    say("Compiling what listens to voices …", "正在编译辨认音色所需的部分……")
    done = answers(python_in(VENV), "-c", f"import sys; sys.path[:0] = [{str(ROOT)!r}]; {WARM}") is not None
    if not done:  # nothing is lost but time
        say("Not compiled; the first recording will be looked at a little later.", "未能编译；第一段录音会慢一些。")
    return done


def torch_build() -> list[str]:
    """Where a small torch is to be had: options for pip on Linux without an NVIDIA GPU, if the index answers.

    PyPI's torch for Linux brings gigabytes for NVIDIA GPUs. PyTorch's own index has the same version for the CPU, which
    pip prefers as it is the later one by its local name (2.11.0+cpu).
    """
    if not sys.platform.startswith("linux") or os.environ.get("PIP_NO_INDEX") or has_nvidia():
        return []
    import urllib.request  # a ready environment need not wait for it

    index = os.environ.get("TIMBRE_TORCH_INDEX", CPU_INDEX)
    try:
        with urllib.request.urlopen(f"{index}/torch/", timeout=ANSWER_S) as answer:
            there = answer.status == 200
    except (OSError, ValueError):
        there = False
    return ["--extra-index-url", index] if there else []


def has_nvidia() -> bool:
    return Path("/dev/nvidiactl").exists() or bool(answers("nvidia-smi", "-L"))


def has_browser() -> bool:
    return any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")))


def has_chinese_font() -> bool:
    return bool(answers("fc-list", ":lang=zh")) or any(Path("/usr/share/fonts").rglob("*CJK*"))


def has_postgres() -> bool:
    return bool(shutil.which("pg_ctl") or any(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")))


CPU_INDEX = "https://download.pytorch.org/whl/cpu"  # PyTorch's public index of builds without CUDA
ANSWER_S = 5.0  # how long it may take to answer
NEEDS = [
    Need("chromium", has_browser, "browser tests"),
    Need("fonts-noto-cjk", has_chinese_font, "Chinese in screenshots"),
    Need("postgresql", has_postgres, "the library on PostgreSQL"),
]


def programs() -> None:
    """Debian's packages for the tests, where they are missing. Elsewhere the tests that need them are skipped.

    On a build server (`CI` is set) a missing program is a failure: a test that is always skipped checks nothing.
    """
    missing = [need for need in NEEDS if not need.there()]
    if not missing:
        return
    names = " ".join(need.package for need in missing)
    say(f"Installing for the tests: {names} …", f"正在安装测试所需的程序：{names}……")
    if not apt_install([need.package for need in missing]) or not all(need.there() for need in missing):
        uses = ", ".join(need.used_for for need in missing if not need.there())
        en = f"Not installed: {names} (for {uses}). Install them with your system's package manager, then: make test"
        zh = f"未能安装：{names}（用于：{uses}）。请用系统的包管理器装好，再执行 make test"
        if os.environ.get("CI"):
            give_up(en + ".", zh + "。")
        say(en + "; until then the tests that need them are skipped.", zh + "；在此之前，用到它们的测试会被跳过。")


def apt_install(packages: list[str]) -> bool:
    """Install Debian packages, as root or through sudo; False where that is not possible here."""
    apt = shutil.which("apt-get")
    root = os.name != "nt" and os.geteuid() == 0
    if apt is None or not (root or shutil.which("sudo")):
        return False
    prefix = [] if root else ["sudo", *([] if sys.stdin.isatty() else ["-n"])]
    prefix += [
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        apt,
        "-o",
        "DPkg::Lock::Timeout=300",
        "-o",
        "Acquire::Retries=3",
    ]
    for attempt in (1, 2):
        # The lists of a new machine are missing or old. One broken source of several is no reason to stop.
        subprocess.run([*prefix, "update"], stdin=None if sys.stdin.isatty() else subprocess.DEVNULL)
        done = subprocess.run([*prefix, "install", "-y", "--no-install-recommends", *packages])
        if done.returncode == 0:
            return True
        if attempt == 1:
            time.sleep(PATIENCE)
    return False


def main(arguments: list[str]) -> None:
    if len(arguments) != 1 or arguments[0] not in REQUIREMENTS:
        give_up("usage: prepare.py run|test", "用法：prepare.py run|test")
    kind = arguments[0]
    with alone():
        if kind == "test":
            programs()
        environment(kind)


if __name__ == "__main__":
    main(sys.argv[1:])
