"""The worker process: it starts fast, dies alone, leaves nothing behind, and never drags the studio along."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.engines.contract import Stop
from studio.engines.espeak import Espeak, process
from studio.engines.espeak.declaration import RELEASES
from studio.engines.espeak.process import SCRIPT, Frame, Part, Process, find
from studio.engines.espeak.timbre import PLAIN, lines
from studio.errors import Cancelled, EngineFailed, NotInstalled

ROOT = Path(__file__).parents[3]
HELLO = Part("gmw/en-US", lines(PLAIN), "Hello world, this is a test.", {1: 175}, False)
LONG = Part("gmw/en-US", lines(PLAIN), "This sentence is here to last. " * 400, {1: 175}, False)
INSTALLED = find()
assert INSTALLED is not None
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def sound_of(worker: Process, number: int, part: Part = HELLO) -> bytes:
    worker.say(number, [part], 0)
    return rest_of(worker, number)


def rest_of(worker: Process, number: int) -> bytes:
    sound = b""
    while True:
        frame = worker.next()
        if frame.header.get("say") == number:
            sound += frame.sound
        if frame.header.get("done") == number:
            return sound


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pid: int, within: float = 5.0) -> bool:
    until = time.monotonic() + within
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pid)


def test_the_release_in_our_table_is_the_library_that_runs() -> None:
    worker = Process()
    worker.close()
    assert INSTALLED is not None
    assert RELEASES[INSTALLED.release] == worker.version


def test_it_imports_nothing_of_ours_and_nothing_heavy() -> None:
    code = f"import runpy, sys; runpy.run_path({str(SCRIPT)!r}); print([n for n in sys.modules if n in WATCHED])"
    code = code.replace("WATCHED", "('studio', 'numpy', 'asyncio', 'logging', 'tempfile', 'espeakng_loader')")
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_it_survives_control_c(heard: Callable[..., Any]) -> None:
    worker = Process()
    os.kill(worker.pid, signal.SIGINT)
    assert len(sound_of(worker, 1)) > 50_000
    worker.close()


def test_killed_worker_is_told_in_both_languages_and_replaced(hear: Callable[..., Any], recipe_for: Any) -> None:
    engine = Espeak()
    recipe = recipe_for(engine, "Hello world. " * 300)
    expected = hear(engine, recipe_for(engine, "Hello."))[0].samples
    speaking = engine.speak([recipe, recipe], Stop())
    next(speaking)
    assert engine._process is not None
    first = engine._process.pid
    os.kill(first, signal.SIGKILL)
    with pytest.raises(EngineFailed) as failed:
        list(speaking)
    assert "espeak broke off (exit -9)" in failed.value.text("en")
    assert "espeak 意外中断（退出码 -9）" in failed.value.text("zh")
    assert hear(engine, recipe_for(engine, "Hello."))[0].samples.tobytes() == expected.tobytes()
    assert engine._process.pid != first
    engine.unload()


def test_worker_killed_between_two_requests_goes_unnoticed(hear: Callable[..., Any], recipe_for: Any) -> None:
    engine = Espeak()
    recipe = recipe_for(engine, "Hello.")
    expected = hear(engine, recipe)[0].samples
    assert engine._process is not None
    os.kill(engine._process.pid, signal.SIGKILL)
    assert hear(engine, recipe)[0].samples.tobytes() == expected.tobytes()
    engine.unload()


def test_a_text_that_kills_every_worker_is_not_tried_for_ever(
    monkeypatch: pytest.MonkeyPatch, hear: Callable[..., Any], recipe_for: Any
) -> None:
    started = []

    def deadly(self: Process, *_: object) -> None:
        started.append(self.pid)
        os.kill(self.pid, signal.SIGKILL)

    engine = Espeak()
    monkeypatch.setattr(Process, "say", deadly)
    with pytest.raises(EngineFailed, match="broke off"):
        hear(engine, recipe_for(engine, "Hello."))
    assert len(set(started)) == 2
    engine.unload()


def test_unloading_under_a_speaker_is_told_and_starts_nothing_new(recipe_for: Any) -> None:
    engine = Espeak()
    speaking = engine.speak([recipe_for(engine, "Hello world. " * 3000)], Stop())
    next(speaking)
    assert engine._process is not None
    pid = engine._process.pid
    engine.unload()
    with pytest.raises(EngineFailed, match="was unloaded") as failed:
        list(speaking)
    assert "中途被卸载" in failed.value.text("zh")
    assert gone(pid)
    engine.unload()


def test_a_frozen_worker_is_ended_after_its_time() -> None:
    worker = Process()
    os.kill(worker.pid, signal.SIGSTOP)
    worker.say(1, [HELLO], 0)
    with pytest.raises(EngineFailed, match=r"no sound for 0\.3 s") as failed:
        worker.next(patience=0.3)
    assert "0.3 秒没有声音" in failed.value.text("zh")
    assert not worker.alive


def test_waiting_can_be_stopped() -> None:
    worker, stop = Process(), Stop()
    stop.set()
    with pytest.raises(Cancelled):
        worker.next(stop)
    worker.close()


def test_stop_ends_a_long_utterance_within_a_buffer_or_two() -> None:
    """Of eight minutes of speech only what was under way still comes."""
    worker = Process()
    worker.say(1, [LONG], 0)
    worker.next()
    worker.stop(1)
    heard = len(rest_of(worker, 1)) / 2 / 22_050
    assert heard < 60
    assert len(sound_of(worker, 2)) > 50_000
    worker.close()


@ON_LINUX
def test_closing_leaves_no_process_and_no_thread() -> None:
    import threading

    before = threading.active_count()
    workers = [Process() for _ in range(3)]
    for worker in workers:
        worker.say(1, [LONG], 0)  # in the middle of something, its pipe full
    for worker in workers:
        started = time.monotonic()
        worker.close()
        worker.close()
        assert time.monotonic() - started < 2
        assert not Path(f"/proc/{worker.pid}").exists()
    assert threading.active_count() == before


HOLDER = """
import sys, time
from studio.engines.espeak import Espeak
from studio.engines.contract import Recipe, Stop, VoiceContent, VoiceKind
engine = Espeak()
voice = VoiceContent(VoiceKind.BUILTIN, name="default")
recipe = Recipe("espeak", engine.spec.version, "Hello world. " * 2000, voice, "en", ())
speaking = engine.speak([recipe], Stop())
next(speaking)
print(engine._process.pid, flush=True)
if sys.argv[1] == "wait":
    time.sleep(60)
"""


def holder(how: str) -> "tuple[subprocess.Popen[str], int]":
    """Another studio in the middle of a long utterance, and the id of its worker."""
    parent = subprocess.Popen([sys.executable, "-c", HOLDER, how], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


@ON_LINUX
def test_worker_ends_with_a_studio_that_is_killed() -> None:
    parent, worker = holder("wait")
    assert alive(worker)
    parent.kill()
    parent.communicate()
    assert gone(worker)


@ON_LINUX
def test_worker_ends_with_a_studio_that_simply_ends() -> None:
    parent, worker = holder("end")
    parent.communicate(timeout=20)
    assert parent.returncode == 0
    assert gone(worker)


def test_bytes_are_the_same_in_another_process(heard: Callable[..., Any]) -> None:
    code = HOLDER.partition("recipe =")[0] + (
        "import hashlib\n"
        "controls = tuple(sorted(engine.spec.settle({}).items()))\n"
        "recipe = Recipe('espeak', engine.spec.version, '你好，world. 再见！', voice, 'zh', controls, 5)\n"
        "print(hashlib.sha256(b''.join(c.samples.tobytes() for c in engine.speak([recipe], Stop()))).hexdigest())"
    )
    import hashlib

    for hash_seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True, env=environment)
        mine = heard("你好，world. 再见！", language="zh", seed=5).samples
        assert done.stdout.strip() == hashlib.sha256(mine.tobytes()).hexdigest()


@ON_LINUX
def test_where_the_system_never_unloads_a_library_the_bytes_are_the_same(
    monkeypatch: pytest.MonkeyPatch, hear: Callable[..., Any], recipe_for: Any, espeak: Espeak
) -> None:
    """As on musl: the loader keeps the library, so every utterance needs a worker of its own."""
    recipes = [recipe_for(espeak, text) for text in ("Hello world.", "Good bye.", "Hello world.")]
    expected = [heard.samples.tobytes() for heard in hear(espeak, *recipes)]
    assert INSTALLED is not None
    monkeypatch.setenv("LD_PRELOAD", str(INSTALLED.library))
    engine = Espeak()
    engine.load()
    assert engine._process is not None
    first = engine._process.pid
    assert [heard.samples.tobytes() for heard in hear(engine, *recipes)] == expected
    assert engine._process.pid != first
    engine.unload()


@ON_LINUX
@pytest.mark.slow
def test_memory_does_not_grow_over_two_thousand_utterances() -> None:
    worker = Process()
    memory = []
    short = Part("sit/cmn", lines(PLAIN), "你好", {1: 400}, False)
    for number in range(1, 2001):
        worker.say(number, [short], 0)
        if number >= 8:
            rest_of(worker, number - 7)
        if number in (300, 2000):
            pages = int(Path(f"/proc/{worker.pid}/statm").read_text().split()[1])
            memory.append(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
    worker.close()
    assert memory[0] < 60
    assert memory[1] - memory[0] < 2


def test_no_file_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.tempfile, "gettempdir", lambda: str(tmp_path))
    worker = Process()
    sound_of(worker, 1)
    assert list(tmp_path.iterdir()) == []
    worker.close()


@pytest.mark.parametrize("folder", ["d" * 200, "音色 工坊"], ids=["long", "Chinese"])
def test_data_is_found_below_a_long_or_foreign_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    assert INSTALLED is not None
    place, temporary = tmp_path / folder, tmp_path / "t"
    place.mkdir()
    temporary.mkdir()
    (place / "espeak-ng-data").symlink_to(INSTALLED.data)
    elsewhere = process.Installed(INSTALLED.library, place / "espeak-ng-data", INSTALLED.release)
    monkeypatch.setattr(process, "find", lambda: elsewhere)
    monkeypatch.setattr(process.tempfile, "gettempdir", lambda: str(temporary))
    worker = Process()
    assert len(sound_of(worker, 1)) > 50_000
    worker.close()
    assert list(temporary.iterdir()) == []


def test_missing_package_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "find_spec", lambda name: None)
    engine = Espeak()
    absent = engine.missing()
    assert absent is not None
    assert absent.en == "eSpeak NG is not installed (20 MB): pip install espeakng-loader"
    assert "尚未安装" in absent.zh
    with pytest.raises(NotInstalled) as refused:
        engine.load()
    assert refused.value.fields["command"] == "pip install espeakng-loader"
    assert engine.spec.version.startswith("loader-none")
    assert len(engine.voices()) > 100


def test_a_library_that_does_not_load_is_told_with_the_repair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert INSTALLED is not None
    (tmp_path / "broken.so").write_bytes(b"not a library")
    broken = process.Installed(tmp_path / "broken.so", INSTALLED.data, INSTALLED.release)
    monkeypatch.setattr(process, "find", lambda: broken)
    with pytest.raises(EngineFailed, match="pip install espeakng-loader --force-reinstall") as failed:
        Process()
    assert "无法启动" in failed.value.text("zh")


def test_a_voice_that_the_library_refuses_fails_that_utterance_alone() -> None:
    worker = Process()
    worker.say(1, [Part("no/such", "", "Hello", {}, False)], 0)
    assert "failed" in worker.next().header
    assert isinstance(worker, Process)
    assert len(sound_of(worker, 2)) > 50_000
    worker.close()


def test_without_a_listener_a_part_comes_in_one_frame() -> None:
    worker = Process()
    worker.say(1, [HELLO, HELLO], 0, stream=False)
    headers = [worker.next().header for _ in range(3)]
    assert [header.get("part", "done") for header in headers] == [0, 1, "done"]
    worker.close()


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_voice_file_holds_its_text_and_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: bool) -> None:
    from studio.engines.espeak import worker

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(worker, "IN_MEMORY", worker.IN_MEMORY and in_memory)
    with worker.voice_file(b"language en\n") as name:
        assert Path(name).read_bytes() == b"language en\n"
        assert len(name) < 60
        assert name == name.lower()
    assert not Path(name).exists()
    assert list(tmp_path.iterdir()) == []


def test_a_frame_knows_its_sound() -> None:
    worker = Process()
    worker.say(1, [HELLO], 0)
    frame = worker.next()
    assert isinstance(frame, Frame)
    assert frame.header["events"][0] == ["sentence", 0, 0]
    assert 0 < len(frame.sound) <= 2 * 22_050 * 0.12
    worker.close()
