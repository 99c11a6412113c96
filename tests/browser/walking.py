"""A reader on the way through the studio: opens things, and has all that can be seen then checked by `walk.js`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from studio.batch.gathering import SUFFIXES
from studio.ui.strings import STRINGS

from .furnished import OWN

READERS = pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en-US", 1280)])
SPOKEN = "|".join([*STRINGS["voice.preview"], "你好 hello"]).replace("?", "[?]")  # takes the studio makes by itself
HAND = {"width": 390, "height": 844}
CHECK = (Path(__file__).parent / "walk.js").read_text(encoding="utf-8")

# What is the same in both languages: names, formats, units, keys, and examples of what one would type or paste.
SAME = [
    "ChatTTS", "CosyVoice", "SenseVoice", "eSpeak NG", "espeak", "Timbre Studio", "English", "中文",
    "WAV", "FLAC", "MP3", "M4A", "M4B", "Ogg", "Opus", "AAC", "SRT", "VTT", "ASS", "LRC", "CSV", "TSV", "JSON", "ZIP",
    "API", "curl", "Python", "JavaScript", "HTML", "Markdown", "DVAE", "[Tt]op-[KkPp]", "300M", "SFT", "Instruct",
    "Hz", "kHz", "dB", "LUFS", "kb/s", "fp32", "bf16", "fp16", "int8", "CPU", "cpu", "CUDA", "cuda",
    "MPS", "mps", "TXT", "RICH",
    "KB", "MB", "GB", "ms", "Ctrl", "Enter", "Esc", "Space", "Shift", "Alt",
    "Ａ１", "重庆", "蘁淰…", "zh, en", *(ending[1:] for ending in SUFFIXES),
    r"python -m studio [\w ]+",
]  # fmt: skip


class Walk:
    """One reader on the way through the studio; what is wrong is gathered with where it was seen first."""

    def __init__(self, page: Any, language: str) -> None:
        self.page = page
        self.told = {"zh": language.startswith("zh"), "own": f"{OWN}|{SPOKEN}", "same": _any(SAME)}
        self.found: dict[str, str] = {}
        self.acts: set[str] = set()

    def look(self, where: str) -> None:
        """Check all that can be seen now; what stands on a desk in a hand as well."""
        self.check(where)
        size = self.page.viewport_size
        if size["width"] > HAND["width"]:
            self.page.set_viewport_size(HAND)
            self.check(f"{where}, {HAND['width']} px")
            self.page.set_viewport_size(size)

    def check(self, where: str) -> None:
        seen = self.page.evaluate(CHECK, self.told)
        self.acts.update(seen["acts"])
        for line in seen["wrong"]:
            self.found.setdefault(line, where)

    def go(self, where: str) -> None:
        self.page.evaluate("where => { location.hash = '#/' + where; }", where)
        self.page.locator(f"#page-{where.split('/')[0]}").wait_for()

    def press(self, selector: str, then: str = "", where: str = "") -> None:
        """Press the first of `selector`, wait for `then`, look where a place is named."""
        self.page.locator(selector).first.click()
        if then:
            self.page.locator(then).first.wait_for()
        if where:
            self.look(where)

    @contextmanager
    def dialog(self, opener: str, where: str) -> Iterator[Any]:
        """A dialog that `opener` opens, looked at and closed."""
        self.press(opener, "dialog[open] h2", where)
        yield self.page.locator("dialog[open]").last
        self.page.locator("dialog[open] header .icon-button").last.click()
        self.page.locator("dialog[open]").wait_for(state="detached")

    def sheet(self, opener: str, where: str) -> None:
        with self.dialog(opener, where):
            pass

    def picker(self, opener: str, where: str) -> None:
        """A list of voices below a button."""
        self.press(opener, ".picker-option", where)
        self.page.keyboard.press("Escape")
        self.page.locator("#picker").wait_for(state="detached")

    def unfold(self, scope: str, where: str) -> None:
        """Open all that is folded up, and the help of every control."""
        self.page.evaluate(
            """scope => {
              for (const one of document.querySelectorAll(`${scope} details:not([open])`)) one.open = true;
              for (const one of document.querySelectorAll(`${scope} [data-act=help][aria-expanded=false]`)) one.click();
            }""",
            scope,
        )
        self.look(where)

    def verdict(self) -> None:
        wrong = [f"{where}: {line}" for line, where in self.found.items()]
        assert not wrong, "\n" + "\n".join(wrong)


def _any(words: list[str]) -> str:
    """A pattern for each of `words`, the longest first."""
    return "|".join(rf"(?<!\w){word}(?!\w)" for word in sorted(words, key=len, reverse=True))
