"""A voice is pinned by its content and by the weights it was made with; other weights are told wherever it speaks."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from studio.api.settings import ApiSettings
from studio.engines.contract import VoiceContent
from studio.engines.espeak import Espeak
from studio.studio import Begun, ConvertRequest, DrawRequest, Sentence, SpeakRequest, Studio

from ..api.conftest import SPEECH, server

TINY = Path(__file__).parents[1] / "parity" / "chattts" / "tiny"
OTHER = "ab" * 32


class Weighted(Espeak):
    """A real engine that says it needs weights which are here."""

    def __init__(self) -> None:
        super().__init__()
        self.spec = replace(self.spec, id="weighted", weights=("chattts",))


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    with Studio(tmp_path / "data", models=TINY) as opened:
        opened._engines.add("weighted", Weighted)
        yield opened


def kept(studio: Studio, name: str, **facts: object) -> str:
    content = VoiceContent.from_json({"kind": "seed", "seed": 3})
    return studio.keeping.voice("weighted", content, name, **facts).weights


def test_a_voice_is_kept_with_the_weights_of_now(studio: Studio) -> None:
    now = studio.keeping.weights_now("weighted")
    assert len(now) == 64
    assert kept(studio, "Now") == now
    assert studio.plan(SpeakRequest("Hello.", "weighted", "Now")).notes == ()
    drawn = studio.drawing.draw(DrawRequest(Sentence("Hello."), "weighted", (5,)))
    drawn.wait(30)
    assert studio.drawing.keep(drawn.id, 1, "Drawn").weights == now
    assert studio.keeping.seed("espeak", 3, "Without").weights == ""


def test_other_weights_are_noted_in_the_plan_and_it_speaks(studio: Studio) -> None:
    kept(studio, "Old", weights=OTHER)
    planned = studio.plan(SpeakRequest("Hello [laugh] you.", "weighted", "Old"))
    first = planned.notes[0]
    assert (first.mark, first.how) == ("Old", "approximated")
    assert "other weights of weighted (abababababab, now " in first.note.en
    assert "另一份权重" in first.note.zh
    assert len(planned.notes) == 2  # and what became of the laugh
    assert studio.speak(SpeakRequest("Hello.", "weighted", "Old")).wait(30).seconds > 0.2


def test_the_api_says_so_in_a_header(studio: Studio) -> None:
    kept(studio, "Now")
    kept(studio, "Old", weights=OTHER)
    with server(studio, ApiSettings()) as client:
        for name, told in (("Now", None), ("Old", "made with other weights of weighted")):
            answer = client.post(SPEECH, json={"model": "weighted", "input": "Hello.", "voice": name})
            assert answer.status_code == 200, answer.text
            caution = answer.headers.get("x-caution")
            assert caution == told or told in caution


def test_scripts_dubs_conversions_and_batches_say_so_too(studio: Studio, tmp_path: Path) -> None:
    kept(studio, "Old", weights=OTHER)
    kept(studio, "Now")
    story, cues = tmp_path / "story.txt", tmp_path / "cues.srt"
    story.write_text("Hello there.", "utf-8")
    cues.write_text("1\n00:00:00,000 --> 00:00:02,000\nHello there.\n", "utf-8")
    for voice, told in (("Now", []), ("Old", ["Old: this voice was made with other weights of weighted"])):
        script = studio.scripts.begin(story, Begun(engine="weighted", voice=voice)).id
        dub = studio.dubbing.begin(cues, Begun(engine="weighted", voice=voice)).id
        order = studio.batches.order([str(story)], tmp_path / f"out-{voice}", ConvertRequest("weighted", voice))
        for words in (studio.scripts.cautions(script), studio.scripts.cautions(dub)):
            assert [one.en.partition(" (")[0] for one in words.values()] == told
        assert [one.en.partition(" (")[0] for one in order.notes] == told
        line = next(iter(studio.scripts.all_lines(script)))
        assert len(studio.scripts.spoken(script, line.id).plan.notes) == len(told)
        job = studio.convert(story, ConvertRequest("weighted", voice, format="wav"), tmp_path / f"{voice}.wav")
        assert [note.mark for note in job.wait(30).notes] == [voice] * len(told)
        assert studio.scripts.render(script).wait(30) is not None
