"""Texts with the times of their words: as somebody measured them, or spread over the letters where nobody did.

What is shown is what was written; what an engine times is what it said (`12` is `twelve`). The letters of both are laid
beside each other; what agrees has its own time, what does not lies evenly between.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from studio.text.cues import Cue, CueWord, Norms, Subtitles, cut, fits, settled, wrapped
from studio.text.language import CJK_LETTERS, HAN, KANA

LONGEST = 3000  # letters that are laid beside each other
_OPENING, _CLOSING = r"“‘「『（《〈【(\[", r"，。！？；：、…”’」』）》〉】,.!?;:)\]—～~"
_TOKEN = re.compile(rf"[{_OPENING}]*(?:[{HAN}{KANA}]|[^\s{HAN}{KANA}{_OPENING}]+|[{_OPENING}])[{_CLOSING}]*")
_WIDE = re.compile(f"[{HAN}{KANA}]")

Known = Sequence[tuple[str, float, float]]  # word, start and end in seconds


def timed(text: str, start: float, end: float, known: Known = ()) -> tuple[CueWord, ...]:
    """The words of a text (characters, of Chinese and Japanese) with their times between `start` and `end`."""
    tokens = list(_TOKEN.finditer(text))
    letters = [(n, sign) for n, token in enumerate(tokens) for sign in token[0] if sign.isalnum()]
    times = _times("".join(sign for _, sign in letters), start, end, known)
    spans: dict[int, tuple[float, float]] = {}
    for (n, _), (low, high) in zip(letters, times, strict=True):
        spans[n] = (spans.get(n, (low, low))[0], high)
    words: list[CueWord] = []
    last = start
    for n, token in enumerate(tokens):
        low, high = spans.get(n, (last, last))  # a sign alone is said with what stands before it
        low = min(max(low, last), end)
        last = min(max(high, low), end)
        glued = n > 0 and tokens[n - 1].end() == token.start()
        words.append(CueWord(token[0], low, last, glued))
    return tuple(words)


def cues_of(cue: Cue, norms: Norms) -> Iterator[Cue]:
    """A cue as the cues that can be read: itself where it fits on the screen, else several, cut where words begin.

    Looks are kept only where the cue stays whole.
    """
    flat = " ".join(cue.text.split("\n"))
    if fits(flat, norms) and cue.end - cue.start <= norms.longest:
        whole = cue.text if all(len(line) <= norms.line for line in cue.text.split("\n")) else wrapped(flat, norms)
        yield replace(cue, text=whole, spans=cue.spans if len(whole) == len(cue.text) else ())
        return
    words = cue.words or timed(flat, cue.start, cue.end)
    pieces = list(cut(words, cue.end, norms, cue.speaker))
    for n, piece in enumerate(pieces):
        first, last = n == 0, n == len(pieces) - 1
        yield replace(
            cue,
            start=cue.start if first else piece.start,
            end=max(cue.end, piece.start) if last else piece.end,
            text=piece.text,
            spans=(),
            words=piece.words if cue.words else (),
            id=cue.id if first else "",
            note=cue.note if first else "",
        )


def resplit(found: Subtitles, norms: Norms) -> Subtitles:
    """The cues cut and timed anew by the norms of reading; no letter is lost, and the order stays."""
    pieces = (piece for cue in found.cues for piece in cues_of(cue, norms))
    return replace(found, cues=tuple(settled(pieces, norms)))


def shifted(found: Subtitles, seconds: float) -> Subtitles:
    """Everything so much later, or earlier. What would begin before 0 begins there; what would end there is gone."""

    def at(time: float) -> float:
        return max(0.0, time + seconds)

    moved = (
        replace(
            cue,
            start=at(cue.start),
            end=at(cue.end),
            words=tuple(replace(word, start=at(word.start), end=at(word.end)) for word in cue.words),
        )
        for cue in found.cues
        if cue.end + seconds > 0 or cue.start + seconds >= 0
    )
    return replace(found, cues=tuple(moved))


def _times(letters: str, start: float, end: float, known: Known) -> list[tuple[float, float]]:
    """When each letter begins and ends."""
    times: list[tuple[float, float] | None] = [None] * len(letters)
    said = [(sign, *_share(word, low, high, n)) for word, low, high in known for n, sign in _letters(word)]
    spoken = "".join(sign for sign, _, _ in said)
    if said and letters.casefold() == spoken and len(letters) == len(spoken):
        times = [(low, high) for _, low, high in said]
    elif said and max(len(letters), len(spoken)) <= LONGEST and len(letters.casefold()) == len(letters):
        matcher = SequenceMatcher(None, letters.casefold(), spoken, autojunk=False)
        for ours, theirs, size in matcher.get_matching_blocks():
            for n in range(size):
                times[ours + n] = said[theirs + n][1:]
    return list(_filled(letters, times, start, end))


def _letters(word: str) -> Iterator[tuple[int, str]]:
    return enumerate(sign for sign in word.casefold() if sign.isalnum())


def _share(word: str, low: float, high: float, n: int) -> tuple[float, float]:
    count = sum(sign.isalnum() for sign in word.casefold())
    return low + (high - low) * n / count, low + (high - low) * (n + 1) / count


def _filled(
    letters: str, times: Sequence[tuple[float, float] | None], start: float, end: float
) -> Iterator[tuple[float, float]]:
    """Letters without a time lie between their neighbours that have one, each as long as it takes to say."""
    at, last = 0, start
    while at < len(letters):
        if (one := times[at]) is not None:
            yield one
            last = one[1]
            at += 1
            continue
        stop = next((n for n in range(at, len(letters)) if times[n] is not None), len(letters))
        after = times[stop] if stop < len(letters) else None
        until = max(last, after[0] if after else end)
        weights = [CJK_LETTERS if _WIDE.match(sign) else 1.0 for sign in letters[at:stop]]
        done, all_of_it = 0.0, sum(weights)
        for weight in weights:
            low = last + (until - last) * done / all_of_it
            done += weight
            yield low, last + (until - last) * done / all_of_it
        last, at = until, stop
