"""Voices of ChatTTS as text: the strings that its page shows, and the columns of numbers of ChatTTS-ui."""

from pathlib import PurePath

import numpy as np

from studio.engines.chattts.strings import sample_codes, sample_in, speaker_string, speaker_vector
from studio.errors import BadRequest
from studio.library import NewVoice
from studio.voices.exchange.bounded import wrong
from studio.voices.exchange.carried import (
    CHATTTS,
    CHATTTS_SIZE,
    Carried,
    clip_content,
    embedding,
    numbers_of,
    origin_of,
)
from studio.voices.exchange.own import Outgoing
from studio.words import Words

BOOKS, CODES = 4, 626  # of an audio prompt
LANGUAGES = ("zh", "en")
_NO_WORDS = Words(
    "an audio sample without its words: write what is said in it on the line below the code, or give --transcript",
    "这是音频样本码，但缺少对应文字：请在编码下一行写上音频里说的话，或使用 --transcript",
)


def is_code(text: str) -> bool:
    """Whether a text begins with a line of the characters that such strings are made of."""
    line = text.lstrip("\ufeff \r\n\t").split("\n", 1)[0].strip()
    return len(line) >= 16 and sample_in(line.encode()) is not None


def read_code(text: str, name: str, transcript: str = "") -> list[Carried]:
    """A string: of a speaker, or of a clip as ChatTTS hears it, with what is said in it on the lines below."""
    code, _, below = text.lstrip("\ufeff \r\n\t").partition("\n")
    stem, code = stem_of(name), code.strip()
    facts = {"languages": LANGUAGES, "origin": origin_of("code", name)}
    try:
        vector = speaker_vector(code, CHATTTS_SIZE)
    except BadRequest as no_speaker:
        try:
            sample_codes(code, BOOKS, CODES)
        except BadRequest:
            raise wrong(name, no_speaker.words.en, no_speaker.words.zh) from no_speaker
        said = (transcript or " ".join(below.split())).strip()
        clip = code.encode()
        voice = NewVoice(CHATTTS, "clip", clip_content(clip, said), stem, clip, **facts)  # type: ignore[arg-type]
        return [Carried(voice, named=False, notes=() if said else (_NO_WORDS,))]
    content = embedding(vector, name, CHATTTS_SIZE, half=True)
    return [Carried(NewVoice(CHATTTS, "embedding", content, stem, **facts), named=False)]  # type: ignore[arg-type]


def write_code(out: Outgoing) -> bytes:
    """A voice with an embedding as a string; an audio sample as its own, with its words on the next line."""
    if (code := sample_in(out.media)) is not None:
        return f"{code}\n{out.voice.content['transcript']}\n".encode()
    vector = numbers_of(out.voice.content, out.voice.name)
    return (speaker_string(vector.astype(np.float16)) + "\n").encode()


def is_column(text: str) -> bool:
    """Whether a text is numbers and nothing else in its first lines."""
    lines = [line.strip().rstrip(",") for line in text[:2000].splitlines()[:8] if line.strip()]
    return bool(lines) and all(_number(line.split(",")[0]) for line in lines)


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read_column(text: str, name: str) -> list[Carried]:
    """768 numbers, one a line (or on one line with commas): ChatTTS-ui calls the file after the seed."""
    try:
        values = [float(value) for value in text.replace(",", "\n").split()]
    except ValueError as error:
        raise wrong(
            name, f"it holds something that is no number ({str(error)[-40:]})", "其中有不是数字的内容"
        ) from error
    content = embedding(values, name, CHATTTS_SIZE, half=True)
    voice = NewVoice(
        CHATTTS, "embedding", content, stem_of(name), languages=LANGUAGES, origin=origin_of("chattts-ui", name)
    )
    return [Carried(voice, named=False)]


def write_column(out: Outgoing) -> bytes:
    """The numbers, one a line, as exactly as they are."""
    return "".join(f"{float(value)!r}\n" for value in numbers_of(out.voice.content, out.voice.name)).encode()


def stem_of(name: str) -> str:
    """What a voice without a name is called: its file's name without the ending."""
    return PurePath(name).name.split(".")[0].strip()[:80] or "voice"
