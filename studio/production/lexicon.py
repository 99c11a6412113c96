"""The lexicon at work: words that it knows become `[say … as …]`, which each engine compiles to what it can do.

CosyVoice 3 gets phoneme tokens, ChatTTS characters of the same sound, eSpeak NG its phonemes. So there is one way from
a reading to an engine, and a lexicon needs no other.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from studio.errors import BadFile
from studio.library import Library
from studio.library.lexicons import Entry
from studio.text.scan import extents

HEAD = ("word", "reading", "note")


class Readings:
    """A lexicon, ready to be applied to many lines."""

    def __init__(self, readings: Mapping[str, str]) -> None:
        self._readings = {word.casefold(): reading for word, reading in readings.items()}
        longest_first = sorted(readings, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_pattern, longest_first)), re.IGNORECASE) if readings else None

    def __bool__(self) -> bool:
        return self._pattern is not None

    def apply(self, text: str) -> str:
        """The text with its known words marked; what stands in marks already is left alone."""
        if self._pattern is None:
            return text
        parts, at = [], 0
        for start, end in [*extents(text), (len(text), len(text))]:
            parts += [self._pattern.sub(self._said, text[at:start]), text[start:end]]
            at = end
        return "".join(parts)

    def _said(self, match: re.Match[str]) -> str:
        return f"[say {match[0]} as {self._readings[match[0].casefold()]}]"


class Lexicons:
    """The global lexicon and those of scripts, as people write them. For any number of threads."""

    def __init__(self, library: Library, settle: Callable[[str], None]) -> None:
        """`settle` plans the lines of a production again."""
        self._library, self._settle = library, settle

    def words(self, scope: str = "") -> tuple[Entry, ...]:
        """The lexicon of a production, or the global one."""
        return self._library.lexicons.list(scope)

    def put_word(self, word: str, reading: str, scope: str = "", note: str = "") -> None:
        self.put_words([Entry(word, reading, note, scope)])

    def put_words(self, entries: Sequence[Entry]) -> None:
        """Teach readings; lines with these words become stale."""
        self._library.lexicons.put(entries)
        for scope in {entry.scope for entry in entries}:
            self._reread(scope, [entry.word for entry in entries if entry.scope == scope])

    def drop_words(self, words: Sequence[str], scope: str = "") -> None:
        self._library.lexicons.delete(words, scope)
        self._reread(scope, words)

    def import_words(self, text: str, scope: str = "", name: str = "lexicon.csv") -> int:
        """A lexicon from a table; how many words."""
        entries = from_csv(text, scope, name)
        if entries:
            self.put_words(entries)
        return len(entries)

    def export_words(self, scope: str = "") -> str:
        return to_csv(self.words(scope))

    def _reread(self, scope: str, words: Sequence[str]) -> None:
        for id in self._library.outcomes.forget_words(words, scope):
            self._settle(id)


def _pattern(word: str) -> str:
    """A word of letters is whole: `read` is not in `ready`."""
    before = r"(?<![A-Za-z0-9])" if word[:1].isascii() and word[:1].isalnum() else ""
    after = r"(?![A-Za-z0-9])" if word[-1:].isascii() and word[-1:].isalnum() else ""
    return f"{before}{re.escape(word)}{after}"


def to_csv(entries: Iterable[Entry]) -> str:
    """A lexicon as a table."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows((one.word, one.reading, one.note) for one in entries)
    return out.getvalue()


def from_csv(text: str, scope: str, name: str = "lexicon.csv") -> Sequence[Entry]:
    """The lexicon in a table of two or three columns. `BadFile` names the row that is none."""
    found = []
    delimiter = "\t" if text[:2000].count("\t") > text[:2000].count(",") else ","
    try:
        rows = list(csv.reader(text.splitlines(), delimiter=delimiter))
    except csv.Error as error:
        raise BadFile(f"{name}: no table ({error})", f"{name}：不是表格（{error}）", where=name) from error
    for number, row in enumerate(rows, 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and cells[:2] == list(HEAD[:2])):
            continue
        if len(cells) < 2 or not cells[0] or not cells[1]:
            raise BadFile(
                f"{name}, row {number}: needs a word and its reading, as in 重庆,chong2 qing4",
                f"{name} 第 {number} 行：需要词和读音，例如 重庆,chong2 qing4",
                where=name,
            )
        found.append(Entry(cells[0], cells[1], cells[2] if len(cells) > 2 else "", scope))
    return found
