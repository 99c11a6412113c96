"""The guard of refining: the model may add pauses, laughter and fillers to a text; words may not change.

Refined text comes back lower-cased and with spaces between Chinese characters, so words are compared, not letters:
every Chinese character and every Latin word or number is one. Punctuation, case and spacing are not words.
"""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["same", "added", "lost", "changed"]

FILLERS = frozenset(
    [
        "嗯",
        "啊",
        "呃",
        "哦",
        "噢",
        "诶",
        "欸",
        "唉",
        "哎",
        "呀",
        "吧",
        "呢",
        "嘛",
        "哈",
        "额",
        "那",
        "个",
        "就",
        "是",
        "然",
        "后",
        "这",
        "的",
        "话",
        "其",
        "实",
        "吗",
        "嘿",
        "呵",
        "um",
        "uh",
        "umm",
        "uhh",
        "hmm",
        "mm",
        "oh",
        "ah",
        "er",
        "erm",
        "well",
        "so",
        "like",
        "you",
        "know",
        "i",
        "mean",
        "yeah",
        "okay",
        "ok",
        "right",
        "and",
        "actually",
        "just",
    ]
)
_TAG = re.compile(r"\[[^\[\]]*\]")
_WORD = re.compile(r"\[[^\[\]]*\]|[\u3400-\u9fff\uf900-\ufaff]|[^\W\u3400-\u9fff\uf900-\ufaff_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True)
class Comparison:
    """A text beside its refined form."""

    ok: bool  # nothing was lost or changed, and only what may be was added
    diff: tuple[tuple[Kind, str], ...]  # in order; of a change, what stands there now


def compare(original: str, refined: str) -> Comparison:
    """What refining did to a text."""
    before, after = _words(original), _words(refined)
    pairs = _common([_key(word) for word in before], [_key(word) for word in after])
    diff: list[tuple[Kind, str]] = []
    ok, at, now = True, 0, 0
    for old, new in [*pairs, (len(before), len(after))]:
        lost = [word for word in before[at:old] if not _TAG.fullmatch(word)]
        added = after[now:new]
        if lost or added:
            diff.append(("changed" if lost and added else "lost" if lost else "added", " ".join(added or lost)))
        ok = ok and not lost and all(map(_addable, added))
        if new < len(after):
            diff = _same(diff, after[new])
        at, now = old + 1, new + 1
    return Comparison(ok, tuple(diff))


def _same(diff: list[tuple[Kind, str]], word: str) -> list[tuple[Kind, str]]:
    """The difference with one more word that stayed."""
    if diff and diff[-1][0] == "same":
        return [*diff[:-1], ("same", f"{diff[-1][1]} {word}")]
    return [*diff, ("same", word)]


def _common(before: list[str], after: list[str]) -> list[tuple[int, int]]:
    """The longest row of words that both have in this order, as pairs of places."""
    longest = [[0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for a in range(len(before) - 1, -1, -1):
        for b in range(len(after) - 1, -1, -1):
            if before[a] == after[b]:
                longest[a][b] = longest[a + 1][b + 1] + 1
            else:
                longest[a][b] = max(longest[a + 1][b], longest[a][b + 1])
    pairs, a, b = [], 0, 0
    while a < len(before) and b < len(after):
        if before[a] == after[b]:
            pairs.append((a, b))
            a, b = a + 1, b + 1
        elif longest[a + 1][b] >= longest[a][b + 1]:
            a += 1
        else:
            b += 1
    return pairs


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _key(word: str) -> str:
    return word.lower().replace("’", "'")


def _addable(word: str) -> bool:
    return bool(_TAG.fullmatch(word)) or _key(word) in FILLERS
