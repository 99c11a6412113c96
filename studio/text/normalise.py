"""From what is written to what is said: named steps, each of which can be switched off.

Markdown and HTML are taken off a whole text (`structure`); the other steps work on a sentence at a time (`utter`),
numbers in the language of the words around them. Marks are never changed: they stand as `HOLE` while the steps run.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from studio.errors import BadRequest, NotFound
from studio.text.addresses import read_addresses
from studio.text.edits import Edit, Edited
from studio.text.language import base, detect, runs
from studio.text.marks import Node, Text, parse, render
from studio.text.markup import html_edits, markdown_edits, protected
from studio.text.pictographs import emoji_name, has_emoji, replace_emoji
from studio.text.roman import roman_to_arabic
from studio.text.scan import without_marks
from studio.words import Words

Setting = bool | str
Settings = Mapping[str, Setting]

HOLE = "\ufdd0"  # a noncharacter: no text has it


@dataclass(frozen=True)
class Step:
    """One thing that is done to a text before it is spoken."""

    id: str
    label: Words
    help: Words
    default: Setting
    choices: tuple[tuple[str, Words], ...] = ()  # empty: on or off


KEEP = ("keep", Words("leave as it is", "保持原样"))
STEPS: tuple[Step, ...] = (
    Step(
        "markdown",
        Words("Markdown", "Markdown"),
        Words(
            "Signs of headings, lists, links and emphasis are not read.",
            "不朗读标题、列表、链接、强调等 Markdown 符号。",
        ),
        True,
    ),
    Step(
        "html",
        Words("HTML", "HTML"),
        Words("Tags are not read; &amp;amp; becomes “&”.", "不朗读 HTML 标签，还原 &amp;amp; 等转义字符。"),
        True,
    ),
    Step(
        "width",
        Words("Full-width letters", "全角字符"),
        Words("Ａ１ becomes A1.", "全角字母和数字（Ａ１）转为半角（A1）。"),
        True,
    ),
    Step(
        "urls",
        Words("Addresses", "网址和邮箱"),
        Words("“www.example.com” is read “example dot com”.", "“www.example.com”读作“example 点 com”。"),
        "site",
        (
            ("site", Words("read the site only", "只读网站名")),
            ("whole", Words("read the whole address", "读出完整网址")),
            KEEP,
        ),
    ),
    Step(
        "emoji",
        Words("Emoji", "表情符号"),
        Words("Left out, or read by name.", "略去，或读出名称。"),
        "drop",
        (("drop", Words("leave out", "略去")), ("name", Words("read the name", "读出名称")), KEEP),
    ),
    Step(
        "roman",
        Words("Roman numerals", "罗马数字"),
        Words("Chapter IV is read “Chapter four”.", "“第III章”读作“第三章”。"),
        True,
    ),
    Step(
        "numbers",
        Words("Numbers", "数字"),
        Words(
            "Dates, times, money, units, telephone numbers … in words (Chinese, English).",
            "日期、时间、金额、单位、电话号码等读成文字（中文、英文）。",
        ),
        True,
    ),
    Step(
        "spaces",
        Words("Spaces", "空白"),
        Words("Runs of blanks become one; lines wrapped by hand are joined.", "合并多余空白，接续手动折行的句子。"),
        True,
    ),
)


@dataclass(frozen=True)
class Dropped:
    """Something of the source that is not spoken as it was written."""

    step: str
    source: str
    note: Words


def settle(steps: Mapping[str, Any] | None = None) -> dict[str, Setting]:
    """Every step with its setting; what `steps` does not name has its default. `BadRequest` for what does not exist."""
    settings: dict[str, Setting] = {step.id: step.default for step in STEPS}
    for name, value in (steps or {}).items():
        step = next((step for step in STEPS if step.id == name), None)
        if step is None:
            raise NotFound.among(Words("step", "步骤"), name, settings, where=f"steps.{name}")
        settings[name] = _checked(step, value)
    return settings


def _checked(step: Step, value: Any) -> Setting:
    names = [name for name, _ in step.choices]
    if isinstance(value, bool):
        return value if not names else (step.default if value else "keep")
    if value in names:
        return str(value)
    allowed = names or ["true", "false"]
    raise BadRequest(
        f"step {step.id} “{value}”: takes {', '.join(allowed)}",
        f"步骤“{step.label.zh}”（{step.id}）的值“{value}”无效：可用 {'、'.join(allowed)}",
        where=f"steps.{step.id}",
    )


def normalise(
    text: str, steps: Mapping[str, Any] | None = None, language: str = "auto", native: Iterable[str] = ()
) -> tuple[str, tuple[Dropped, ...]]:
    """A sentence or paragraph as it is said, its marks untouched, and what is left unsaid.

    For longer texts there is `studio.text.reading`, which keeps paragraphs apart.
    """
    settings, native = settle(steps), tuple(native)
    nodes = parse(structure(text, settings, native).text, native)
    spoken, dropped = utter_nodes(nodes, settings, main_language(text, language))
    return render(spoken), tuple(dropped)


def main_language(text: str, language: str) -> str:
    """What the caller says, or, for `auto`, what most of the text is in."""
    return detect(without_marks(text)) if language == "auto" else base(language)


def structure(text: str, settings: Settings, native: tuple[str, ...] = ()) -> Edited:
    """`text` without Markdown and HTML, as the settings have it."""
    edits: list[Edit] = []
    if settings["html"]:
        edits += html_edits(text)
    if settings["markdown"]:
        edits += markdown_edits(text)
    return Edited(text, protected(iter(edits), text, native) if edits else ())


def utter_nodes(nodes: Iterable[Node], settings: Settings, language: str) -> tuple[list[Node], list[Dropped]]:
    """The nodes with their words normalised; words on both sides of a mark see each other."""
    row = list(nodes)
    parts = [node.text.replace(HOLE, "") if isinstance(node, Text) else HOLE for node in row]
    spoken, dropped = utter("".join(parts), settings, language)
    result: list[Node] = []
    words = iter(spoken.split(HOLE))
    marks = [node for node in row if not isinstance(node, Text)]
    for number, piece in enumerate(words):
        if piece:
            result.append(Text(piece))
        if number < len(marks):
            result.append(marks[number])
    return result, dropped


def utter(text: str, settings: Settings, language: str) -> tuple[str, list[Dropped]]:
    """One sentence (no marks, or `HOLE` for each) as it is said."""
    dropped: list[Dropped] = []
    if settings["width"] and not text.isascii():
        text = text.translate(_NARROW)
        text = _WIDE_SIGN.sub(lambda match: chr(ord(match[0]) - 0xFEE0), text)
    if (urls := settings["urls"]) != "keep":
        text, shortened = read_addresses(text, language, whole=urls == "whole")
        dropped += [Dropped("urls", url, _unsaid(url)) for url, _ in shortened]
    if settings["emoji"] != "keep" and has_emoji(text):
        replaced = replace_emoji(text, _emoji_reader(settings["emoji"] == "name", language, dropped))
        text = _LONELY_POINT.sub("", _single_commas(replaced, text))
    if (settings["numbers"] or settings["roman"]) and _NUMERALS.search(text):
        text = _by_language(text, settings, language)
    return (_tidy(text) if settings["spaces"] else text), dropped


_NARROW = {code: code - 0xFEE0 for first, last in ("０９", "ＡＺ", "ａｚ") for code in range(ord(first), ord(last) + 1)}
_WIDE_SIGN = re.compile(r"(?<=[0-9])[．：／％＋－＝]|[＋－＄＃](?=[0-9])|(?<=[A-Za-z])[＠＆／](?=[A-Za-z])")
_NUMERALS = re.compile("[0-9²³½⅓⅔¼¾⅛\u2160-\u217f]|[IVXLCDM]|&")


@lru_cache(maxsize=1)
def _numberish() -> re.Pattern[str]:
    """Numbers with the unit or code they touch, and numerals that belong to the characters beside them."""
    from studio.text.numbers_zh import UNIT_NAMES

    return re.compile(
        r"(?<![A-Za-z])[A-Za-z]{0,4}-?[0-9](?:[0-9A-Za-z.,:/%°²³~-]*[0-9A-Za-z%°²³])?"
        rf"(?: ?(?:{UNIT_NAMES})(?![A-Za-z]))?"
        "|[\u2160-\u217f]+|(?<=[\u4e00-\u9fff])[IVXLCDM]{1,8}(?![A-Za-z])"
    )


def _read_numbers(text: str, language: str) -> str:
    """The number grammars take 50 ms to import: only when there is a number."""
    if language == "en":
        from studio.text.numbers_en import read_numbers as read_english

        return read_english(text)
    if language in ("zh", "yue"):
        from studio.text.numbers_zh import read_numbers as read_chinese

        return read_chinese(text)
    return text


def _by_language(text: str, settings: Settings, language: str) -> str:
    """Numerals in the language of the words around them; a unit or code that touches a number goes with it."""
    masked = _numberish().sub(lambda match: "0" * len(match[0]), text)
    parts, at = [], 0
    for run in runs(masked, language):
        piece = text[at : at + len(run.text)]
        at += len(run.text)
        if settings["roman"]:
            piece = roman_to_arabic(piece, run.language)
        if settings["numbers"]:
            piece = _read_numbers(piece, run.language)
        parts.append(piece)
    return "".join(parts)


def _single_commas(replaced: str, text: str) -> str:
    """The commas around the names of emoji, less those that stand beside other punctuation or at an end."""
    if "，" not in replaced:
        return replaced
    single = _BESIDE_POINT.sub("", _DOUBLED.sub("，", replaced))
    single = single if text.startswith("，") else single.lstrip("，")
    return single if text.rstrip().endswith("，") else single.rstrip("，")


def _unsaid(url: str) -> Words:
    return Words(f"only the site of {url} is read", f"{url} 只读出网站名")


def _emoji_reader(by_name: bool, language: str, dropped: list[Dropped]) -> Callable[[str], str]:
    def read(character: str) -> str:
        if by_name:
            name = emoji_name(character, language)
            return f"，{name}，" if language in ("zh", "yue", "ja") else f" {name} "
        dropped.append(Dropped("emoji", character, Words(f"{character} is not read", f"{character} 不朗读")))
        return ""

    return read


_LONELY_POINT = re.compile(r"(?<=\w)\s+(?=[,.!?;:](?:\s|$))")
_DOUBLED = re.compile(r"，(?:\s*，)+")
_BESIDE_POINT = re.compile(r"，(?=\s*[，。！？；：、”’」』）])|(?<=[，。！？；：、“‘「『（])\s*，")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\u200e\u200f]+")
_CJK_WRAP = re.compile(r"(?<=[\u3000-\u9fff\uac00-\ud7a3\uff01-\uffee])[^\S\n]*\n\s*(?=[\u3000-\u9fff\uff01-\uffee])")
_BLANKS = re.compile(r"\s+")


def _tidy(text: str) -> str:
    if not text.isascii():
        text = _CJK_WRAP.sub("", _INVISIBLE.sub("", text))
    return _BLANKS.sub(" ", text)
