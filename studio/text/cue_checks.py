"""What a reader, or a voice, would stumble over in subtitles: too fast, too short, too long, over each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from studio.text.cues import Cue, Norms, Subtitles, norms_for
from studio.text.language import detect, estimate_seconds
from studio.words import Words

SLACK = 1e-6
MOST_SPEED = 1.6  # times as quick as people speak: more cannot be understood
LETTERS_A_SECOND = 15.0  # of English, read aloud


@dataclass(frozen=True)
class Problem:
    """Something about one cue."""

    cue: int  # counted from 1
    start: float  # seconds, of the cue
    what: str  # short, long, fast, wide, lines, overlap, gap, speech
    words: Words

    def to_json(self) -> dict[str, Any]:
        return {"cue": self.cue, "start": round(self.start, 3), "what": self.what, "words": self.words._asdict()}


def problems(found: Subtitles, norms: Norms | None = None) -> tuple[Problem, ...]:
    """Everything that breaks the norms of reading; those of the language that is found, where none are given."""
    rules = norms or norms_for(language_of(found))
    row: list[Problem] = []
    for number, cue in enumerate(found.cues, 1):
        after = found.cues[number] if number < len(found.cues) else None
        row += [Problem(number, cue.start, what, words) for what, words in _of(cue, after, rules)]
    return tuple(row)


def language_of(found: Subtitles) -> str:
    return detect(" ".join(cue.text for cue in found.cues[:400]))


def _of(cue: Cue, after: Cue | None, norms: Norms) -> Iterator[tuple[str, Words]]:
    seconds, lines = cue.end - cue.start, cue.text.split("\n")
    letters = sum(map(len, lines))
    if seconds < norms.shortest - SLACK:
        yield (
            "short",
            Words(
                f"shown {seconds:.2f} s, at least {norms.shortest:.2f} s are needed",
                f"只显示 {seconds:.2f} 秒，至少需要 {norms.shortest:.2f} 秒",
            ),
        )
    if seconds > norms.longest + SLACK:
        yield (
            "long",
            Words(
                f"shown {seconds:.1f} s, at most {norms.longest:g} s are usual",
                f"显示 {seconds:.1f} 秒，通常不超过 {norms.longest:g} 秒",
            ),
        )
    if seconds > 0 and letters / seconds > norms.pace + SLACK:
        yield (
            "fast",
            Words(
                f"{letters / seconds:.1f} characters a second, at most {norms.pace:g} can be read",
                f"每秒 {letters / seconds:.1f} 字，最多能读 {norms.pace:g} 字",
            ),
        )
    needed = estimate_seconds(cue.text, LETTERS_A_SECOND)
    if needed > max(seconds, 0.01) * MOST_SPEED:
        yield (
            "speech",
            Words(
                f"about {needed:.1f} s of speech in {seconds:.2f} s: too short to be said",
                f"约 {needed:.1f} 秒的话只有 {seconds:.2f} 秒：说不完",
            ),
        )
    if max(map(len, lines)) > norms.line:
        most = max(map(len, lines))
        yield (
            "wide",
            Words(f"a line of {most} characters, at most {norms.line}", f"一行 {most} 字，最多 {norms.line} 字"),
        )
    if len(lines) > norms.lines:
        yield "lines", Words(f"{len(lines)} lines, at most {norms.lines}", f"{len(lines)} 行，最多 {norms.lines} 行")
    if after is not None and after.start < cue.end - 0.0005:
        over = cue.end - after.start
        yield (
            "overlap",
            Words(f"the next cue begins {over:.2f} s before it ends", f"下一条在它结束前 {over:.2f} 秒开始"),
        )
    elif after is not None and after.start - cue.end < norms.gap - 0.0015 and after.start > cue.end:
        gap = (after.start - cue.end) * 1000
        yield "gap", Words(f"only {gap:.0f} ms before the next cue", f"距下一条只有 {gap:.0f} 毫秒")
