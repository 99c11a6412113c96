"""ASS and SSA: events with their override codes, styles, and what the file says about itself.

https://fileformats.fandom.com/wiki/SubStation_Alpha and libass, which renders most of them.
"""

import re
from dataclasses import replace

from studio.manuscripts.cue_files import pieces_as_words
from studio.manuscripts.oddities import Oddities, shown
from studio.text.ass_styles import SIZE, USUAL, style_name
from studio.text.cues import Cue, Subtitles
from studio.text.looks import Scribe, keypad, tidied

EVENT = ("Layer", "Start", "End", "Style", "Name", "MarginL", "MarginR", "MarginV", "Effect", "Text")
OLD_STYLE = (
    "Name", "Fontname", "Fontsize", "PrimaryColour", "SecondaryColour", "TertiaryColour", "BackColour", "Bold",
    "Italic", "BorderStyle", "Outline", "Shadow", "Alignment", "MarginL", "MarginR", "MarginV", "AlphaLevel",
    "Encoding",
)  # fmt: skip
_CLOCK = re.compile(r"\s*(-?)(\d{1,4}):(\d{1,3}):(\d{1,3})(?:[.:,](\d{1,6}))?\s*")
_PIECE = re.compile(r"\\([{}])|\\([Nnh])|\{([^{}]*)\}")
_TRANSFORM = re.compile(r"\\t\((?:[^()]|\([^()]*\))*\)")
_CODE = re.compile(r"\\(fn|r|[1-4]c|[1-4]a|[A-Za-z]+)([^\\]*)")
_BGR = re.compile(r"&?H?([0-9A-Fa-f]{1,8})&?")
_KEPT_INFO = re.compile(r"(?!scripttype|title|original script)[\w ]{1,40}", re.IGNORECASE)


def read_ass(text: str, odd: Oddities) -> Subtitles:
    """The cues of an ASS or SSA file, with its styles. A line that cannot be read is told, the others are kept."""
    reader = _Reader(odd)
    for number, line in enumerate(text.split("\n"), 1):
        reader.line(number, line)
    return reader.found()


class _Reader:
    """Goes through the lines."""

    def __init__(self, odd: Oddities) -> None:
        self._odd = odd
        self._section = ""
        self._format: tuple[str, ...] = ()
        self._styles: dict[str, dict[str, str]] = {}
        self._info: dict[str, str] = {}
        self._cues: list[Cue] = []
        self._note: list[str] = []

    def line(self, number: int, line: str) -> None:
        line = line.strip("\r\n\ufeff ")
        if line.startswith("[") and line.endswith("]"):
            self._section = line[1:-1].lower()
            self._format = ()
            return
        key, colon, value = line.partition(":")
        key, value = key.strip(), value.lstrip()
        if not colon or line.startswith(";"):
            return
        if self._section == "script info":
            self._info[key] = value.strip()
        elif "styles" in self._section:
            self._style(key, value)
        elif self._section == "events":
            self._event(number, key.lower(), value)
        elif self._section in ("fonts", "graphics") and key.lower() in ("fontname", "filename"):
            self._odd.tell("attached", f"an attached file is left out: {shown(value)}", f"略去附带文件：{shown(value)}")

    def found(self) -> Subtitles:
        info = {key: value for key, value in self._info.items() if _KEPT_INFO.fullmatch(key) and value != SIZE.get(key)}
        lower = {key.lower(): value for key, value in self._info.items()}
        if self._note and self._cues:  # comments after the last cue
            last = self._cues[-1]
            self._cues[-1] = replace(last, note="\n".join(filter(None, [last.note, *self._note])))
        title, author = lower.get("title", ""), lower.get("original script", "")
        return Subtitles(tuple(self._cues), title=title, author=author, styles=self._styles, info=info)

    def _style(self, key: str, value: str) -> None:
        if key.lower() == "format":
            self._format = tuple(part.strip() for part in value.split(","))
        elif key.lower() == "style":
            old = "+" not in self._section
            names = self._format or OLD_STYLE
            fields = dict(zip(names, (part.strip() for part in value.split(",")), strict=False))
            name = style_name(fields.pop("Name", ""))
            if name:
                self._styles[name] = _modern(fields) if old else fields

    def _event(self, number: int, key: str, value: str) -> None:
        if key == "format":
            self._format = tuple(part.strip() for part in value.split(","))
            return
        if key not in ("dialogue", "comment"):
            return
        names = self._format if "Text" in self._format else EVENT
        cells = dict(zip(names, value.split(",", len(names) - 1), strict=False))
        times = _seconds(cells.get("Start", "")), _seconds(cells.get("End", ""))
        words = cells.get("Text", "")
        if key == "comment":
            note, _ = tidied(_Events(words).text, ())
            self._note += [note] if note else []
        elif times[0] is None or "Text" not in cells:
            self._odd.tell(
                "times",
                f"line {number} cannot be read as an event; left out: “{shown(value, 60)}”",
                f"第 {number} 行不是可读的事件，略去：“{shown(value, 60)}”",
            )
        else:
            self._add(number, cells, (times[0], times[0] if times[1] is None else times[1]), words)

    def _add(self, number: int, cells: dict[str, str], times: tuple[float, float], words: str) -> None:
        event = _Events(words, times[0])
        if event.drawn and not event.text.strip():
            self._odd.tell("drawing", f"line {number}: a drawing is left out", f"第 {number} 行：略去绘图")
            return
        if event.lost:
            codes = ", ".join(sorted(event.lost))
            self._odd.tell(
                "codes",
                f"line {number}: codes inside the text are left out: {shown(codes)}",
                f"第 {number} 行：略去文字中间的特效代码：{shown(codes)}",
            )
        style = style_name(cells.get("Style", ""))
        style = "" if style.lower() == USUAL.lower() else style
        speaker = " ".join(cells.get("Name", cells.get("Actor", "")).split()) or style
        text, spans = tidied(event.text, event.spans)
        margins = tuple(_whole(cells.get(name, "")) for name in ("MarginL", "MarginR", "MarginV"))
        words_found = pieces_as_words(event.timed, times[1]) if len(event.timed) > 1 else ()
        effect = cells.get("Effect", "").strip() or ("karaoke" if words_found else "")
        self._cues.append(
            Cue(
                *times, text, speaker, spans, words_found,
                style="" if style == style_name(speaker) else style,
                align=event.align, layer=_whole(cells.get("Layer", "")),
                margins=(margins[0], margins[1], margins[2]), effect=effect, codes=event.codes,
                note="\n".join(self._note),
            )
        )  # fmt: skip
        self._note = []


class _Events:
    """The text of an event: plain, with looks, with what was sung when."""

    def __init__(self, source: str, start: float = 0.0) -> None:
        self._scribe = Scribe()
        self.codes, self.align, self.drawn = "", 0, False
        self.lost: set[str] = set()
        self.timed: list[tuple[float, str]] = [(start, "")]
        self._drawing = False
        self._clock = start
        at = 0
        for match in _PIECE.finditer(source):
            self._write(source[at : match.start()])
            at = match.end()
            if match[3] is None:
                self._write(match[1] or {"N": "\n", "n": " ", "h": "\xa0"}[match[2]])
            else:
                self._block(match[3])
        self._write(source[at:])
        self.spans = self._scribe.spans()

    @property
    def text(self) -> str:
        return self._scribe.text

    def _write(self, text: str) -> None:
        if self._drawing:
            self.drawn = self.drawn or bool(text.strip())
            return
        self._scribe.write(text)
        self.timed[-1] = self.timed[-1][0], self.timed[-1][1] + text

    def _block(self, source: str) -> None:
        first = not self.text
        for moving in _TRANSFORM.findall(source):
            self._unknown(moving, first, "\\t")
        for match in _CODE.finditer(_TRANSFORM.sub("", source)):
            self._code(match[0], match[1], match[2].strip(), first)

    def _code(self, source: str, name: str, value: str, first: bool) -> None:
        scribe, number = self._scribe, re.fullmatch(r"[0-9]{1,6}", value) is not None
        if name in ("b", "i", "u", "s") and (not value or number):
            on = value not in ("", "0") and not (name == "b" and 1 < int(value) < 550)
            scribe.begin(name) if on else scribe.end(name)  # type: ignore[arg-type]
        elif name in ("c", "1c"):
            scribe.end("color")
            if match := _BGR.fullmatch(value):
                digits = match[1].lower().zfill(6)[-6:]
                scribe.begin("color", f"#{digits[4:]}{digits[2:4]}{digits[:2]}")
        elif name in ("an", "a") and number:
            self.align = keypad(int(value), old=name == "a")
        elif name == "r" and not value:
            scribe.end()
        elif name == "p" and number:
            self._drawing = value != "0"
        elif name in ("k", "K", "kf", "ko") and number:
            self.timed.append((self._clock, ""))
            self._clock += int(value) / 100
        else:
            self._unknown(source, first, f"\\{name}")

    def _unknown(self, source: str, first: bool, name: str) -> None:
        """Codes before the text concern all of it and are kept as they are."""
        if first:
            self.codes += source
        else:
            self.lost.add(name)


def _seconds(clock: str) -> float | None:
    match = _CLOCK.fullmatch(clock)
    if not match:
        return None
    whole = int(match[2]) * 3600 + int(match[3]) * 60 + int(match[4])
    exact = whole + (int(match[5]) / 10 ** len(match[5]) if match[5] else 0.0)
    return -exact if match[1] else exact


def _whole(cell: str) -> int:
    """A number of a cell; 0 for anything else, "Marked=0" of SSA too."""
    cell = cell.strip()
    return int(cell) if re.fullmatch(r"-?\d{1,6}", cell) else 0


def _modern(fields: dict[str, str]) -> dict[str, str]:
    """An SSA style as ASS has it."""
    kept = {name: value for name, value in fields.items() if name not in ("TertiaryColour", "AlphaLevel")}
    if "TertiaryColour" in fields:
        kept["OutlineColour"] = fields["TertiaryColour"]
    for name, value in kept.items():
        if name.endswith("Colour") and re.fullmatch(r"-?\d{1,10}", value):
            kept[name] = f"&H{int(value) & 0xFFFFFFFF:08X}"
    if re.fullmatch(r"[0-9]{1,2}", place := kept.get("Alignment", "")):
        kept["Alignment"] = str(keypad(int(place), old=True) or 2)
    return kept
