"""Which engines there are, in what state, and whose turn it is."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib import invalidate_caches
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.engines.checking import check_engine, check_spec
from studio.engines.contract import (
    AudioChunk,
    BuiltinVoice,
    Control,
    EngineSpec,
    How,
    MarkSupport,
    Recipe,
    Stop,
    VoiceContent,
    VoiceKind,
)
from studio.engines.registry import GROUP, Registry
from studio.errors import BadRequest, Cancelled, EngineFailed, NotFound, NotInstalled
from studio.words import Words

ROOT = Path(__file__).parents[2]
SAID = Words("something", "某物")

SHIPPED_IDS = [
    "espeak", "chattts", "cosyvoice3", "cosyvoice2", "cosyvoice1", "cosyvoice1-sft", "cosyvoice1-instruct",
]  # fmt: skip


class Humming:
    """An engine of the tests: it hums for as long as it is told, and remembers who had it."""

    def __init__(self, id: str = "humming", absent: Words | None = None) -> None:
        self.spec = EngineSpec(
            id, SAID, SAID, "1", ("en",), 8000, frozenset({VoiceKind.BUILTIN}), (), {}, code_licence="Apache-2.0"
        )
        self.absent, self.loads, self.unloads = absent, 0, 0
        self.inside, self.most_inside, self.order = 0, 0, list[str]()
        self.trouble: Exception | None = None

    def missing(self) -> Words | None:
        return self.absent

    def load(self) -> None:
        self.loads += 1

    def unload(self) -> None:
        self.unloads += 1
        if self.trouble:
            raise self.trouble

    def voices(self) -> Sequence[BuiltinVoice]:
        return (BuiltinVoice("hum", SAID, ("en",)),)

    def embed(self, voice: VoiceContent) -> bytes:
        raise BadRequest("no embeddings", "没有音色向量")

    def speak(self, recipes: Sequence[Recipe], stop: Stop, stream: bool = True) -> Iterator[AudioChunk]:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            for index, recipe in enumerate(recipes):
                self.order.append(recipe.text)
                time.sleep(0.01)
                stop.check()
                if self.trouble:
                    raise self.trouble
                yield AudioChunk(index, np.zeros(8, np.float32), last=True)
        finally:
            self.inside -= 1


def recipe(text: str = "hm", engine: str = "humming") -> Recipe:
    return Recipe(engine, "1", text, VoiceContent(VoiceKind.BUILTIN, name="hum"), "en", ())


@pytest.fixture
def humming() -> Humming:
    return Humming()


@pytest.fixture
def engines(humming: Humming) -> Registry:
    registry = Registry({}, third_parties=False)
    registry.add("humming", lambda: humming)
    return registry


# which there are


def test_shipped_engine_is_there_without_any_installation() -> None:
    registry = Registry(third_parties=False)
    assert [spec.id for spec in registry.specs()] == SHIPPED_IDS
    assert registry.state("espeak").state == "ready"
    assert registry.state("chattts").command == "python -m studio models install chattts"


def test_installed_example_is_found_beside_the_shipped_one(registry: Registry) -> None:
    states = {state.id: state for state in registry.states()}
    assert list(states) == [*SHIPPED_IDS, "beeper"]
    assert states["beeper"].source == "timbre-beeper"
    assert states["beeper"].title.zh == "哔哔机"


def test_unknown_engine_names_the_nearest(registry: Registry) -> None:
    with pytest.raises(NotFound) as refused:
        registry.get("espaek")
    assert refused.value.text("en") == "engine “espaek”: no such engine; did you mean “espeak”?"
    assert refused.value.text("zh") == "引擎“espaek”：没有这个引擎；是不是“espeak”？"
    assert refused.value.where == "engine"


def test_a_named_shipped_engine_costs_no_scan_of_packages() -> None:
    code = (
        "import sys; from studio.engines.registry import Registry; r = Registry(); r.get('espeak'); "
        "print('importlib.metadata' in sys.modules, 'espeakng_loader' in sys.modules, 'torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert out.stdout.split() == ["False"] * 3


def test_our_own_entry_point_is_not_a_second_engine(
    install: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "timbre-studio", {"espeak": "studio.engines.espeak:Espeak"}, {})
    monkeypatch.syspath_prepend(tmp_path)
    assert [state.id for state in Registry().states()].count("espeak") == 1


CONSTRUCTOR = "class Engine:\n    def __init__(self):\n        1 / 0"
BAD_ENTRY_POINTS = {
    "import": ("broken = timbre_bad_import:Engine", "import no_such_module_at_all", "no_such_module_at_all"),
    "syntax": ("broken = timbre_bad_syntax:Engine", "def broken(:", "SyntaxError"),
    "attribute": ("broken = timbre_bad_attribute:Engine", "", "AttributeError"),
    "constructor": ("broken = timbre_bad_constructor:Engine", CONSTRUCTOR, "ZeroDivision"),
    "not an engine": ("broken = timbre_bad_engine:Engine", "class Engine:\n    spec = 1", "missing"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_ENTRY_POINTS)
def test_a_broken_engine_is_listed_with_its_reason_and_takes_nothing_along(
    install: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    point, source, reason = BAD_ENTRY_POINTS[kind]
    name, _, value = point.partition(" = ")
    install(tmp_path, "timbre-bad", {name: value}, {f"{value.partition(':')[0]}.py": source})
    monkeypatch.syspath_prepend(tmp_path)
    invalidate_caches()
    registry = Registry()
    state = registry.state("broken")
    assert (state.state, state.spec, state.source) == ("broken", None, "timbre-bad")
    assert state.note is not None
    for text in state.note:
        assert reason in text
        assert "timbre-bad" in text
    assert registry.state("espeak").state == "ready"
    with pytest.raises(EngineFailed) as refused:
        registry.get("broken")
    assert reason in refused.value.text("zh")


def test_a_taken_id_is_refused_and_the_first_one_stays(engines: Registry, humming: Humming) -> None:
    engines.add("humming", Humming, source="timbre-copy")
    assert engines.get("humming") is humming
    state = engines.state("humming@timbre-copy")
    assert state.note is not None
    assert "its id “humming” belongs to the studio itself" in state.note.en
    assert "“humming”已属于音色工坊自带的引擎" in state.note.zh


def test_a_third_party_cannot_replace_the_shipped_engine(
    install: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "timbre-thief", {"espeak": "timbre_thief:Thief"}, {"timbre_thief.py": THIEF})
    monkeypatch.syspath_prepend(tmp_path)
    invalidate_caches()
    registry = Registry()
    states = {state.id: state for state in registry.states()}
    assert states["espeak"].source == ""
    assert states["espeak@timbre-thief"].state == "broken"
    assert type(registry.get("espeak")).__module__.startswith("studio.")


THIEF = """
from dataclasses import replace
from studio.engines.espeak import Espeak
class Thief(Espeak):
    pass
"""


def test_states_are_plain_json(registry: Registry) -> None:
    plain = [state.to_json() for state in registry.states()]
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    controls = {control["name"]: control for control in plain[0]["controls"]}
    assert (controls["speed"]["low"], controls["speed"]["high"]) == (0.5, 2.5)
    beeper = next(state for state in plain if state["id"] == "beeper")
    assert beeper["controls"][1]["choices"][0] == {"value": "sine", "label": {"en": "sine", "zh": "正弦波"}}


# declarations


CONTROL = Control("depth", "number", 1.0, SAID, SAID, low=0, high=2)
BAD_CONTROLS = {
    "default outside": (replace(CONTROL, default=3.0), "depth 3.0: takes 0 to 2"),
    "no range": (Control("depth", "number", 1.0, SAID, SAID), "finite low < high"),
    "empty range": (replace(CONTROL, low=2, high=2), "finite low < high"),
    "bad name": (replace(CONTROL, name="Depth!"), "its name is not like"),
    "no label": (replace(CONTROL, label=Words("depth", "")), "its label is missing"),
    "no help": (replace(CONTROL, help=Words(" ", "深度")), "its help is missing"),
    "no such kind": (replace(CONTROL, kind="knob"), "no such kind: knob"),
    "no such group": (replace(CONTROL, group="other"), "no such group: other"),
    "negative step": (replace(CONTROL, step=-1), "its step is negative"),
    "one choice": (replace(CONTROL, kind="choice", default="a", choices=(("a", SAID),)), "at least two"),
    "choices of a number": (replace(CONTROL, choices=(("a", SAID), ("b", SAID))), "choices belong to a choice"),
    "endless text": (Control("words", "text", "", SAID, SAID), "finite low < high"),
    "switch is 1": (Control("on", "switch", 1, SAID, SAID), "its default is refused"),
}


@pytest.mark.parametrize("name", BAD_CONTROLS)
def test_a_bad_control_is_found(humming: Humming, name: str) -> None:
    control, reason = BAD_CONTROLS[name]
    assert check_spec(replace(humming.spec, controls=(CONTROL,))) == []
    found = check_spec(replace(humming.spec, controls=(control,)))
    assert any(reason in words.en for words in found), found
    assert all(words.zh and control.name in words.zh for words in found)


BAD_SPECS: dict[str, tuple[dict[str, Any], str]] = {
    "id": ({"id": "My Engine"}, "id “My Engine” is not like"),
    "title": ({"title": Words("x", "")}, "its title is missing"),
    "about": ({"about": Words("", "")}, "its description is missing"),
    "version": ({"version": " "}, "no version"),
    "languages": ({"languages": ()}, "no language"),
    "language": ({"languages": ("en", "Chinese (Mandarin)")}, "not BCP 47: Chinese (Mandarin)"),
    "language twice": ({"languages": ("en", "en")}, "named twice"),
    "rate": ({"rate": 0}, "rate 0"),
    "voices": ({"voice_kinds": frozenset()}, "no kind of voice"),
    "embedding": ({"embedding_size": 4}, "embedding_size"),
    "controls twice": ({"controls": (CONTROL, CONTROL)}, "declared twice"),
    "too many basic": ({"controls": tuple(replace(CONTROL, name=f"c{n}") for n in range(6))}, "6 basic controls"),
    "mark": ({"marks": {"giggle": MarkSupport(How.HONOURED, SAID)}}, "unknown marks: ['giggle']"),
    "modes": ({"modes": ()}, "modes"),
    "pace": ({"pace": 0.0}, "pace"),
    "longest": ({"longest": 0}, "longest"),
    "licence": ({"code_licence": ""}, "licence"),
    "native": ({"native_tokens": ("",)}, "native token"),
}


@pytest.mark.parametrize("name", BAD_SPECS)
def test_a_bad_declaration_is_found_and_the_engine_listed_as_broken(humming: Humming, name: str) -> None:
    changes, reason = BAD_SPECS[name]
    assert check_engine(humming) == []
    humming.spec = replace(humming.spec, **changes)
    assert any(reason in words.en for words in check_spec(humming.spec))
    registry = Registry({}, third_parties=False)
    registry.add("humming", lambda: humming)
    (state,) = registry.states()
    assert state.state == "broken"
    assert state.note is not None
    assert reason in state.note.en


# states and turns


def test_what_is_not_installed_says_the_command_and_never_speaks() -> None:
    absent = Words(
        "Humming is not installed (4 GB): timbre models install humming", "尚未安装: timbre models install humming"
    )
    registry = Registry({}, third_parties=False)
    registry.add("humming", lambda: Humming(absent=absent))
    state = registry.state("humming")
    assert (state.state, state.command, state.word.zh) == ("missing", "timbre models install humming", "未安装")
    with pytest.raises(NotInstalled) as refused, registry.lease("humming"):
        pytest.fail("it was given out")
    assert refused.value.text("zh") == absent.zh
    assert refused.value.fields["command"] == "timbre models install humming"


def test_lease_loads_and_unload_frees(engines: Registry, humming: Humming) -> None:
    assert not engines.state("humming").loaded
    with engines.lease("humming") as engine:
        assert engine is humming
        assert humming.loads == 1
    assert engines.state("humming").loaded
    engines.unload("humming")
    assert (humming.unloads, engines.state("humming").loaded) == (1, False)


def test_unload_all_frees_what_is_loaded_and_survives_trouble(engines: Registry, humming: Humming) -> None:
    other = Humming("other")
    engines.add("other", lambda: other)
    for id in ("humming", "other"):
        with engines.lease(id):
            pass
    humming.trouble = RuntimeError("stuck")
    engines.unload_all()
    assert (humming.unloads, other.unloads) == (1, 1)
    engines.unload_all()
    assert (humming.unloads, other.unloads) == (1, 1)


def test_callers_queue_in_the_order_they_came(engines: Registry, humming: Humming) -> None:
    def caller(name: str) -> None:
        list(engines.speak("humming", [recipe(name)] * 2))

    threads = []
    with engines.lease("humming"):
        for number in range(8):
            threads.append(threading.Thread(target=caller, args=(str(number),)))
            threads[-1].start()
            time.sleep(0.02)
        assert humming.order == []
    for thread in threads:
        thread.join(10)
    assert humming.most_inside == 1
    assert humming.order == [str(number) for number in range(8) for _ in range(2)]


def test_who_waits_can_leave_and_the_others_move_up(engines: Registry, humming: Humming) -> None:
    stop, outcome = Stop(), list[str]()

    def impatient() -> None:
        with suppress(Cancelled):
            list(engines.speak("humming", [recipe("impatient")], stop))
            return
        outcome.append("left")

    def patient() -> None:
        list(engines.speak("humming", [recipe("patient")]))
        outcome.append("heard")

    with engines.lease("humming"):
        threads = [threading.Thread(target=work) for work in (impatient, patient)]
        for thread in threads:
            thread.start()
            time.sleep(0.02)
        started = time.monotonic()
        stop.set()
        threads[0].join(5)
        assert time.monotonic() - started < 1
        assert outcome == ["left"]
    threads[1].join(5)
    assert (outcome, humming.order) == (["left", "heard"], ["patient"])


def test_a_concurrent_engine_takes_several_callers_at_once_and_is_loaded_once(
    engines: Registry, humming: Humming
) -> None:
    humming.spec = replace(humming.spec, concurrent=True)
    together = threading.Barrier(3, timeout=5)

    def caller() -> None:
        with engines.lease("humming"):
            together.wait()  # breaks unless all three are inside

    threads = [threading.Thread(target=caller) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not together.broken


def test_unloading_waits_for_all_who_share_an_engine(engines: Registry, humming: Humming) -> None:
    humming.spec = replace(humming.spec, concurrent=True)
    with engines.lease("humming"), engines.lease("humming"):
        unloading = threading.Thread(target=engines.unload, args=("humming",))
        unloading.start()
        time.sleep(0.1)
        late = Stop()
        late.set()
        with pytest.raises(Cancelled), engines.lease("humming", late):  # who comes later waits behind it
            pass
        assert humming.unloads == 0
    unloading.join(5)
    assert humming.unloads == 1


def test_two_engines_do_not_wait_for_each_other(engines: Registry) -> None:
    engines.add("other", lambda: Humming("other"))
    with engines.lease("humming"):
        assert len(list(engines.speak("other", [recipe(engine="other")]))) == 1


def test_a_turn_ends_when_its_holder_fails(engines: Registry) -> None:
    with pytest.raises(ValueError, match="mine"), engines.lease("humming"):
        raise ValueError("mine")
    assert len(list(engines.speak("humming", [recipe()]))) == 1


def test_what_an_engine_raises_comes_as_engine_failed_with_its_cause(engines: Registry, humming: Humming) -> None:
    humming.trouble = KeyError("weights")
    with pytest.raises(EngineFailed) as failed:
        list(engines.speak("humming", [recipe()]))
    assert isinstance(failed.value.__cause__, KeyError)
    assert "humming failed (KeyError: 'weights')" in failed.value.text("en")
    assert "humming 出错" in failed.value.text("zh")


def test_closing_does_not_hang_on_one_who_still_has_an_engine(
    engines: Registry, humming: Humming, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.engines.registry.PATIENCE_S", 0.1)
    with engines.lease("humming"):
        engines.unload_all()
        assert humming.unloads == 1


def test_the_entry_point_group_is_the_documented_one() -> None:
    assert GROUP in (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
    assert GROUP in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
