"""Said besides the text: all of it twice, or the words of the clip that the voice was cloned from."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.audio.clip import Clip, Samples
from studio.engines.contract import AudioChunk, VoiceContent, VoiceKind
from studio.engines.espeak import Espeak
from studio.production.readback import ReadBack
from studio.recognition.contract import RATE, Listening, RecogniserSpec, Segment, Transcript, Word
from studio.stop import Stop
from studio.studio import Begun, Studio
from studio.text.comparing import besides, compare
from studio.words import Words

CLIP = Path(__file__).parents[1] / "parity" / "cosyvoice" / "common" / "prompt_3s_24k.wav"
TOLD = "our teacher never forgot the cold winter"
LINES = "the captain looked at the long river every evening", "a small bird talked about seven red apples again"
ZH, ZH_TOLD = "今天的天气真不错，我们去公园散步。", "希望你以后能够做得比我还好"


@pytest.mark.parametrize(
    ("said", "heard", "language", "found"),
    [
        (ZH, ZH, "zh", ""),
        (ZH, "今天的天气真不错我们去公园散步今天的天气真不错我们去公园散步", "zh", "twice"),
        (ZH, "今天天气真不错我们去公园散步今天的天气正不错我们去公园散", "zh", "twice"),
        (ZH, "希望你以后能够做得比我还好今天的天气真不错我们去公园散步", "zh", "before"),
        (ZH, "做得比我还好今天的天气真不错我们去公园散步", "zh", "before"),
        (ZH, "今天的天气真不错我们去公园", "zh", ""),
        (ZH, "完全是别的内容和这句话没有任何关系真的没有", "zh", ""),
        (ZH_TOLD + ZH, ZH_TOLD + ZH, "zh", ""),  # the text itself begins with it
        ("哈哈哈哈", "哈哈哈哈哈哈", "zh", ""),
        (LINES[0], f"{LINES[0]} {LINES[0]}", "en", "twice"),
        (LINES[0], f"the captain look at a long river every evening {LINES[0]}", "en", "twice"),
        (LINES[0], f"forgot the cold winter {LINES[0]}", "en", "before"),
        (LINES[0], f"uh {LINES[0]}", "en", ""),
        ("no no", "no no no no", "en", ""),
        ("hello", "hello hello", "en", ""),
    ],
)
def test_what_was_heard_tells_what_was_said_besides(said: str, heard: str, language: str, found: str) -> None:
    told = ZH_TOLD if language == "zh" else TOLD
    assert besides(said, heard, language, told) == found
    seen = ReadBack(Transcript("", 1.0, "", "", (Segment(0, 1, heard, language),)), said, language,
                    compare(said, heard, language), before=told)  # fmt: skip
    assert seen.besides == found
    if found:
        suspicion = seen.suspicion()
        assert suspicion is not None
        assert suspicion.en != suspicion.zh


class Sphinx:
    """A real recogniser that has to choose among the phrases of these sentences."""

    def __init__(self) -> None:
        self.spec = RecogniserSpec("sphinx", Words("Sphinx", "Sphinx"), Words("", ""), "5", ("en",), 60.0)
        self._decoder = pytest.importorskip("pocketsphinx").Decoder(samprate=RATE, loglevel="FATAL")
        phrases = (
            "the captain | looked at | the long river | every evening | a small bird | talked about | "
            "seven red apples | again | our teacher | never forgot | the cold winter"
        )
        self._decoder.add_jsgf_string("loop", f"#JSGF V1.0;\ngrammar loop;\npublic <line> = ({phrases})+;\n")
        self._decoder.activate_search("loop")

    def missing(self) -> None:
        return None

    def load(self) -> None: ...

    def unload(self) -> None: ...

    def listen(self, pieces: Sequence[Samples], how: Listening, stop: Stop) -> list[Segment]:
        return [Segment(0.0, len(piece) / RATE, self._heard(piece), "en") for piece in pieces]

    def align(self, piece: Samples, text: str) -> list[Word]:
        return []

    def _heard(self, piece: Samples) -> str:
        padded = np.concatenate([np.zeros(4000, np.float32), piece, np.zeros(8000, np.float32)])
        self._decoder.start_utt()
        self._decoder.process_raw((np.clip(padded, -1, 1) * 32_767).astype("<i2").tobytes(), full_utt=True)
        self._decoder.end_utt()
        return self._decoder.hyp().hypstr if self._decoder.hyp() else ""


class Copycat(Espeak):
    """The embedded engine with the faults of a model that goes on from a clip, at its first try of each line."""

    def __init__(self) -> None:
        super().__init__()
        self._inner = Espeak()
        self.spec = replace(self.spec, id="copycat", voice_kinds=self.spec.voice_kinds | {VoiceKind.CLIP})

    def speak(self, recipes: Sequence[Any], stop: Stop, stream: bool = True) -> Iterator[AudioChunk]:
        speaker = VoiceContent(VoiceKind.BUILTIN, name="f2")
        for index, recipe in enumerate(recipes):
            more = recipe.text if "captain" in recipe.text else recipe.voice.transcript
            text = f"{more} {recipe.text}" if recipe.seed == 0 else recipe.text
            own = replace(recipe, engine="espeak", voice=speaker, text=text)
            for chunk in self._inner.speak([own], stop, stream):
                yield replace(chunk, index=index, words=())


def test_a_production_names_both_and_tries_again(tmp_path: Path) -> None:
    """Real speech, a real ear: the first take of each line has the fault, the second is the one that is kept."""
    story = tmp_path / "story.txt"
    story.write_text("\n\n".join(f"{line.capitalize()}." for line in LINES), "utf-8")
    with Studio(tmp_path / "home") as studio:
        studio._engines.add("copycat", Copycat)
        studio.listening.recognisers.add("sphinx", Sphinx)
        consent = studio.cloning.record("Ann", ["personal"], "2099-12-31")
        voice = studio.cloning.clone(CLIP, "Ann", "copycat", consent, trim="none", transcript=TOLD)
        id = studio.scripts.begin(story, Begun(engine="copycat", voice=voice.id)).id
        studio.scripts.render(id).wait(60)
        lines = list(studio.scripts.all_lines(id))
        assert [line.problem for line in lines] == ["", ""]
        for line, code in zip(lines, ("twice", "prompt"), strict=True):
            takes = {take.seed: [one["code"] for one in take.problems] for take in studio.scripts.takes(id, line.id)}
            assert takes[0][0] == code, takes
            assert takes[1] == []
        kept = studio.takes.details(lines[0].take)
        assert kept.take.error_rate is not None
        assert isinstance(studio.scripts.clip(lines[0].take), Clip)
