"""Tokens in a text that would not do what they seem to, each with its position."""

import re

from studio.engines.chattts.tokens import IN_TEXT, LEVELS, STRUCTURE
from studio.errors import BadText
from studio.text.marks import MarkNote, position
from studio.words import Words

_TAG = re.compile(r"\[([A-Za-z]+)_?(\d*)\]|\[[A-Za-z_]+\]")
_OPEN = re.compile(r"(?<!\\)\[(?![^\[\]\n]*\])")
OPEN = Words(
    "this bracket is not closed: what follows is read as text, not as a token; close it, or take it away",
    "这个方括号没有闭合：后面的内容按普通文字朗读，不作为标记；请补上右括号，或删去它",
)


def lint(text: str) -> tuple[MarkNote, ...]:
    """What of ChatTTS's own tokens is in the wrong place; `BadText` for one that the model was never trained on."""
    notes = []
    for match in _TAG.finditer(text):
        token, (name, level) = match[0], (match[1] or "", match[2] or "")
        if token in IN_TEXT:
            continue
        if token in STRUCTURE:
            words = Words(
                "part of ChatTTS's own prompt, only the studio writes it; it is left out",
                "属于 ChatTTS 的提示结构，由工坊自动填写；已略去",
            )
        elif name in LEVELS and level:
            if int(level) > LEVELS[name]:
                raise _out_of_range(text, match.start(), token, name)
            words = Words(
                f"holds for a whole text: set the control {name} instead; it is left out here",
                f"对整段文本生效：请改用控制项 {name}；这里已略去",
            )
        else:
            continue
        notes.append(MarkNote(token, "ignored", words, match.start()))
    notes += [MarkNote("[", "unknown", OPEN, match.start()) for match in _OPEN.finditer(text)]
    return tuple(sorted(notes, key=lambda note: note.at))


def _out_of_range(text: str, at: int, token: str, name: str) -> BadText:
    line, column = position(text, at)
    return BadText(
        f"{token} at line {line}, column {column}: {name} goes from 0 to {LEVELS[name]}; set the control {name}",
        f"第 {line} 行第 {column} 列的 {token}：{name} 的范围是 0 到 {LEVELS[name]}；请用控制项 {name}",
        where="text",
        mark=token,
        at=at,
    )
