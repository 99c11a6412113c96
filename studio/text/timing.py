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
    letters = ["".join(filter(str.isalnum, token[0])) for token in tokens]
    times = _times("".join(letters), start, end, known)
    words: list[CueWord] = []
    last, at = start, 0
    for n, token in enumerate(tokens):
        mine, at = times[at : at + len(letters[n])], at + len(letters[n])
        low, high = (mine[0][0], mine[-1][1]) if mine else (last, last)  # a sign alone is said with what precedes it
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
    spoken, said = _said(known)
    folded = letters.casefold()
    if said and folded == spoken and len(letters) == len(spoken):
        return said
    times: list[tuple[float, float] | None] = [None] * len(letters)
    if said and max(len(letters), len(spoken)) <= LONGEST and len(folded) == len(letters):
        matcher = SequenceMatcher(None, folded, spoken, autojunk=False)
        for ours, theirs, size in matcher.get_matching_blocks():
            times[ours : ours + size] = said[theirs : theirs + size]
    return list(_filled(letters, times, start, end))


def _said(known: Known) -> tuple[str, list[tuple[float, float]]]:
    """The letters of the words, and the even share that each has of the time of its word."""
    spoken, times = "", list[tuple[float, float]]()
    for word, low, high in known:
        letters = "".join(filter(str.isalnum, word.casefold()))
        span, count = high - low, len(letters)
        spoken += letters
        times += [(low + span * n / count, low + span * (n + 1) / count) for n in range(count)]
    return spoken, times


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
