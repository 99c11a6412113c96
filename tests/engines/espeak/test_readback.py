"""Somebody else listens: a speech recogniser has to tell which sentence was said.

PocketSphinx is an old recogniser and eSpeak NG a robot, so it is not asked to transcribe freely but to choose among
twenty sentences (or none). Speech that is garbled, cut, reversed or of other words fails at once, as the tests show.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pocketsphinx = pytest.importorskip("pocketsphinx")
soxr = pytest.importorskip("soxr")

SENTENCES = (
    "the weather is very nice today",
    "please open the window and close the door",
    "my sister is reading a long letter",
    "we will meet again tomorrow morning",
    "he bought five apples and seven bananas",
    "the train leaves the station at noon",
    "nobody knows what happened last night",
    "this old house belongs to my uncle",
    "she plays the piano every evening",
    "they walked slowly along the river",
    "turn left at the next corner",
    "the children are sleeping upstairs",
    "coffee is better than tea",
    "winter is cold in this country",
    "can you help me find my keys",
    "music makes people happy",
    "our teacher speaks four languages",
    "the captain looked at the sea",
    "bread and butter for breakfast",
    "a small bird sang in the garden",
)
Ear = Callable[[Any], str]


@pytest.fixture(scope="module")
def recognise() -> Ear:
    decoder = pocketsphinx.Decoder(samprate=16_000, loglevel="FATAL")
    rule = " | ".join(SENTENCES)
    decoder.add_jsgf_string("choice", f"#JSGF V1.0;\ngrammar choice;\npublic <sentence> = {rule};\n")
    decoder.activate_search("choice")

    def listen(samples: Any) -> str:
        padded = np.concatenate([np.zeros(4000, "f4"), samples, np.zeros(8000, "f4")])
        pcm = (soxr.resample(padded, 22_050, 16_000) * 32_767).astype("<i2").tobytes()
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()
        return decoder.hyp().hypstr if decoder.hyp() else ""

    return listen


def test_every_sentence_is_recognised(heard: Callable[..., Any], recognise: Ear) -> None:
    wrong = {s: said for s in SENTENCES if (said := recognise(heard(s, "f2").samples)) != s}
    assert len(wrong) <= 1, wrong


def test_a_drawn_voice_and_a_mark_are_understood(heard: Callable[..., Any], recognise: Ear) -> None:
    """Of ten sentences in a drawn woman's voice with a stressed word, most are told right; chance is one in twenty."""
    right = 0
    for sentence in SENTENCES[:10]:
        first, *rest = sentence.split()
        right += recognise(heard(f"{first} [strong]{rest[0]}[/strong] {' '.join(rest[1:])}", 3).samples) == sentence
    assert right >= 6


def test_the_ear_is_not_fooled(heard: Callable[..., Any], recognise: Ear) -> None:
    """Backwards, chopped, or in another language, nothing is recognised as what it is not."""
    for sentence in SENTENCES[:6]:
        samples = heard(sentence, "f2").samples
        chopped = np.concatenate([samples[at : at + 2205][::-1] for at in range(0, len(samples), 2205)])
        assert recognise(samples[::-1].copy()) != sentence
        assert recognise(chopped) != sentence
    assert recognise(heard("今天天气很好，我们去公园吧。", "f2", language="zh").samples) == ""
