"""The one small markup for every engine: what marks mean, reading and writing them.

    [pause 300ms] [break] [laugh] [breath] [say 重庆 as chong2 qing4]
    [emotion happy]…[/emotion] [strong]…[/strong] [speed 0.9]…[/speed]   and each engine's own tokens

A text is a flat row of nodes; a span is an `Open` and a `Close`, and `parse` makes sure that they pair. `\\[` is a
plain bracket. `[1]`, `[注]`, `［…］` are plain text; what looks like a mark and is none is an `Unknown`, which is never
spoken.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from studio.errors import BadText
from studio.text.declarations import EMOTIONS, EXAMPLES, MARKS, SPEED, MarkSpec, emotion_of
from studio.text.scan import NAMES, SOUNDS, SPANS, pattern
from studio.words import Words

__all__ = ["EMOTIONS", "MARKS", "MarkNote", "MarkSpec", "Node", "parse", "plain", "render"]

LONGEST_PAUSE_MS = 60_000
DEEPEST = 16  # spans inside spans

How = Literal["honoured", "approximated", "ignored", "unknown"]


@dataclass(frozen=True)
class MarkNote:
    """What became of one mark, or of something else that is not spoken as it is written."""

    mark: str  # as written, or the name of the normalisation step that dropped it
    how: How
    note: Words
    at: int  # character position in the source


@dataclass(frozen=True)
class Text:
    """Words to be spoken, without escapes."""

    text: str
    at: int = field(default=0, compare=False)  # position in the source, of every node
    end: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Pause:
    """Exact silence."""

    ms: int
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Sound:
    """`break`, `laugh` or `breath`."""

    name: str
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Open:
    """The beginning of a span; `value` is the emotion or the speed, "" for `strong`."""

    name: str
    value: str = ""
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Close:
    """The end of the innermost span, which has that name."""

    name: str
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Say:
    """`written` pronounced as `reading`."""

    written: str
    reading: str
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Native:
    """A token of the engine itself, passed on as it is."""

    token: str
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Unknown:
    """Something in brackets that no engine and no mark knows. Not spoken."""

    source: str
    suggestion: str = ""  # the mark that may have been meant
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


Node = Text | Pause | Sound | Open | Close | Say | Native | Unknown


def parse(text: str, native: Iterable[str] = ()) -> tuple[Node, ...]:
    """The nodes of `text`, in order. `native` are the engine's own tokens; `[oral_*]` stands for all that begin so.

    `BadText` names a mark that has a bad argument or does not pair, its line and column, and what would be right.
    """
    native = tuple(native)
    nodes: list[Node] = []
    opened: list[Open] = []
    plain_text: list[str] = []
    start = at = 0  # of the plain text being gathered; of what is not read yet

    def flush(end: int) -> None:
        if plain_text and (words := "".join(plain_text)):
            nodes.append(Text(words, start, end))
        plain_text.clear()

    for match in pattern(native).finditer(text) if "[" in text or "]" in text or native else ():
        plain_text.append(text[at : match.start()])
        at = match.end()
        if match["escaped"] or match["slashes"]:
            plain_text.append(_unescaped(match[0]))
            continue
        flush(match.start())
        nodes.append(node := _node(match, text))
        _pair(node, opened, text)
        start = at
    plain_text.append(text[at:])
    flush(len(text))
    if opened:
        raise _not_closed(opened[-1], text)
    return tuple(nodes)


def render(nodes: Iterable[Node]) -> str:
    """The text that parses to `nodes`."""
    row = list(nodes)
    parts = []
    for number, node in enumerate(row):
        match node:
            case Text(words):
                parts.append(_escaped(words, before_mark=number + 1 < len(row)))
            case Pause(ms):
                parts.append(f"[pause {ms}ms]")
            case Sound(name):
                parts.append(f"[{name}]")
            case Open(name, value):
                parts.append(f"[{name} {value}]" if value else f"[{name}]")
            case Close(name):
                parts.append(f"[/{name}]")
            case Say(written, reading):
                parts.append(f"[say {written} as {reading}]")
            case Native(token):
                parts.append(token)
            case Unknown(source):
                parts.append(source)
    return "".join(parts)


def plain(nodes: Iterable[Node]) -> str:
    """What is spoken, without any mark; a respelled word as it is written."""
    return "".join(
        node.text if isinstance(node, Text) else node.written for node in nodes if isinstance(node, (Text, Say))
    )


def position(text: str, at: int) -> tuple[int, int]:
    """Line and column of a character, both counted from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def place(text: str, note: MarkNote) -> Words | None:
    """Where in the text as written the mark of a note stands, in words; None where it is about something else."""
    if not text.startswith(note.mark, note.at):
        return None
    line, column = position(text, note.at)
    return Words(f"line {line}, column {column}", f"第 {line} 行第 {column} 列")


def without_escapes(source: str) -> str:
    """The words in a slice of the source of one `Text` node."""
    return _ESCAPES.sub(lambda match: _unescaped(match[0]), source) if "\\" in source else source


_ESCAPES = re.compile(r"\\(?:\\\\)*[\[\]]|(?:\\\\)+(?=[\[\]])")


def _unescaped(source: str) -> str:
    slashes = source.rstrip("[]")
    return "\\" * (len(slashes) // 2) + source[len(slashes) :]


_BRACKET = re.compile(r"(\\*)([\[\]])")
_HARMLESS = re.compile(r"[\d\s]|[^\x00-\x7f]")


def _escaped(words: str, before_mark: bool) -> str:
    def escape(match: re.Match[str]) -> str:
        after = words[match.end() : match.end() + 1]
        harmless = match[2] == "]" or not after or bool(_HARMLESS.match(after))
        if match[2] == "[" and not after and before_mark:
            harmless = False
        return match[1] * 2 + ("" if harmless else "\\") + match[2]

    source = _BRACKET.sub(escape, words)
    if before_mark:
        source += "\\" * (len(source) - len(source.rstrip("\\")))
    return source


def _node(match: re.Match[str], text: str) -> Node:
    at, end = match.span()
    if match["native"]:
        return Native(match[0], at, end)
    if match["open"]:
        name = match[0].strip("[/").lower()
        raise _bad(
            text,
            at,
            match[0] + "…",
            f"the bracket is not closed: write {EXAMPLES[name]}",
            f"方括号没有闭合：应写作 {EXAMPLES[name]}",
        )
    if match["unknown"]:
        return Unknown(match[0], _suggestion(match[0]), at, end)
    name, argument = match["name"].lower(), (match["argument"] or "").strip()
    if match["close"]:
        return _closing(match, name, argument, text)
    if name in SOUNDS or name == "strong":
        if argument:  # “[laugh track]”: the mark takes nothing, so this is not it
            return Unknown(match[0], f"[{name}]", at, end)
        return Open(name, "", at, end) if name == "strong" else Sound(name, at, end)
    if name == "pause":
        return Pause(_milliseconds(argument, match, text), at, end)
    if name == "say":
        return _say(argument, match, text)
    return Open(name, _value(name, argument, match, text), at, end)


def _closing(match: re.Match[str], name: str, argument: str, text: str) -> Node:
    if argument:
        raise _bad(
            text,
            match.start(),
            match[0],
            f"an end takes no value: write [/{name}]",
            f"结束标记不带参数：应写作 [/{name}]",
        )
    if name not in SPANS:
        raise _bad(
            text,
            match.start(),
            match[0],
            f"this mark has no end, it stands alone: {EXAMPLES[name]}; remove [/{name}]",
            f"这个标记单独使用，没有结束标记：{EXAMPLES[name]}；请删去 [/{name}]",
        )
    return Close(name, *match.span())


_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?|\.\d{1,6}) ?(ms|s)", re.IGNORECASE | re.ASCII)


def _milliseconds(argument: str, match: re.Match[str], text: str) -> int:
    duration = _DURATION.fullmatch(argument)
    ms = round(float(duration[1]) * (1000 if duration[2].lower() == "s" else 1)) if duration else -1
    if not 0 <= ms <= LONGEST_PAUSE_MS:
        raise _bad(
            text,
            match.start(),
            match[0],
            "a pause is 0ms to 60s, with its unit: write [pause 300ms] or [pause 1.5s]",
            "停顿为 0ms 到 60s，要带单位：例如 [pause 300ms] 或 [pause 1.5s]",
        )
    return ms


def _say(argument: str, match: re.Match[str], text: str) -> Say:
    written, found, reading = argument.rpartition(" as ")
    if not (found and written.strip() and reading.strip()):
        raise _bad(
            text,
            match.start(),
            match[0],
            "it takes a word and its reading: write [say 重庆 as chong2 qing4]",
            "要写出词语和读法：例如 [say 重庆 as chong2 qing4]",
        )
    return Say(written.strip(), reading.strip(), *match.span())


def _value(name: str, argument: str, match: re.Match[str], text: str) -> str:
    if name == "speed":
        if re.fullmatch(r"\d{1,3}(\.\d{1,6})?", argument, re.ASCII) and SPEED[0] <= float(argument) <= SPEED[1]:
            return f"{float(argument):g}"
        raise _bad(
            text,
            match.start(),
            match[0],
            "a speed is 0.25 to 4, where 1 is normal: write [speed 0.9]…[/speed]",
            "语速为 0.25 到 4，1 为正常：例如 [speed 0.9]…[/speed]",
        )
    if emotion := emotion_of(argument):
        return emotion
    near = get_close_matches(argument.lower(), EMOTIONS, n=1)
    raise _bad(
        text,
        match.start(),
        match[0],
        f"an emotion is one of {', '.join(EMOTIONS)}" + (f"; perhaps [emotion {near[0]}]" if near else ""),
        f"情绪可用 {'、'.join(f'{name}（{words.zh}）' for name, words in EMOTIONS.items())}"
        + (f"；也许是 [emotion {near[0]}]" if near else ""),
    )


def _suggestion(source: str) -> str:
    name = re.split(r"[ :=,]", source.strip("[]/"), maxsplit=1)[0].lower()
    near = get_close_matches(name, NAMES, n=1, cutoff=0.7)
    return EXAMPLES[near[0]] if near else ""


def _pair(node: Node, opened: list[Open], text: str) -> None:
    """Keep the row of open spans, and refuse what does not pair."""
    if isinstance(node, Open):
        opened.append(node)
        if len(opened) > DEEPEST:
            raise _bad(
                text,
                node.at,
                text[node.at : node.end],
                f"more than {DEEPEST} marks inside each other",
                f"标记嵌套超过 {DEEPEST} 层",
            )
    elif isinstance(node, Close):
        mark = text[node.at : node.end]
        if not opened:
            raise _bad(
                text,
                node.at,
                mark,
                f"nothing is open here: begin with {EXAMPLES[node.name]}",
                f"前面没有对应的开始标记：应写作 {EXAMPLES[node.name]}",
            )
        last = opened.pop()
        if last.name != node.name:
            line, column = position(text, last.at)
            raise _bad(
                text,
                node.at,
                mark,
                f"{text[last.at : last.end]} of line {line}, column {column} is still open: "
                f"close it first with [/{last.name}]",
                f"第 {line} 行第 {column} 列的 {text[last.at : last.end]} 还没有结束：请先写 [/{last.name}]",
            )


def _not_closed(node: Open, text: str) -> BadText:
    return _bad(
        text,
        node.at,
        text[node.at : node.end],
        f"it is never closed: write [/{node.name}] where it ends",
        f"没有结束：请在结束处写 [/{node.name}]",
    )


def _bad(text: str, at: int, mark: str, en: str, zh: str) -> BadText:
    line, column = position(text, at)
    return BadText(
        f"{mark} at line {line}, column {column}: {en}. To have a bracket spoken, write \\[",
        f"第 {line} 行第 {column} 列的 {mark}：{zh}。若要照读方括号，请写 \\[",
        where="text",
        mark=mark,
        at=at,
        line=line,
        column=column,
    )
