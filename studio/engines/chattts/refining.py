"""The guard of refining: the model may add pauses, laughter and fillers to a text; words may not change.

Refined text comes back lower-cased and with spaces between Chinese characters, so words are compared, not letters:
every Chinese character and every Latin word or number is one. Punctuation, case and spacing are not words.
"""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
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
    diff: list[tuple[Kind, str]] = []
    ok = True
    matcher = SequenceMatcher(None, [_key(word) for word in before], [_key(word) for word in after], autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        old, new = before[a:b], after[c:d]
        if kind == "equal":
            diff.append(("same", " ".join(new)))
            continue
        lost = [word for word in old if not _TAG.fullmatch(word)]
        added = [word for word in new if not _addable(word)]
        if lost and new:
            diff.append(("changed", " ".join(new)))
        elif old:
            diff.append(("lost", " ".join(old)))
        else:
            diff.append(("added", " ".join(new)))
        ok = ok and not lost and not added
    return Comparison(ok, tuple(diff))


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _key(word: str) -> str:
    return word.lower().replace("’", "'")


def _addable(word: str) -> bool:
    return bool(_TAG.fullmatch(word)) or _key(word) in FILLERS
