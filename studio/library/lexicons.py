"""Lexicons: how words are read, everywhere and in one production."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, or_, select

from studio.errors import BadRequest
from studio.library.database import Database
from studio.library.plain import check_text
from studio.library.tables import LexiconRow

MOST = 20_000  # words of one lexicon
LONGEST_WORD, LONGEST_READING = 100, 200


@dataclass(frozen=True)
class Entry:
    """A word and how it is read."""

    word: str
    reading: str  # pinyin with tone numbers, IPA between slashes, or a respelling
    note: str = ""
    scope: str = ""  # id of a production; "" is everywhere


class Lexicons:
    """The words of a library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, scope: str = "") -> tuple[Entry, ...]:
        """The words of one production, or the global ones, by code point."""
        with self._database.read() as session:
            rows = session.scalars(select(LexiconRow).where(LexiconRow.scope == scope).order_by(LexiconRow.word))
            return tuple(_entry(row) for row in rows)

    def reading(self, scope: str) -> dict[str, str]:
        """Word -> reading for a production: its own words go before the global ones."""
        with self._database.read() as session:
            mine = or_(LexiconRow.scope == scope, LexiconRow.scope == "")
            rows = session.execute(select(LexiconRow.scope, LexiconRow.word, LexiconRow.reading).where(mine)).all()
        return {word: reading for _, word, reading in sorted(rows, key=lambda row: row.scope != "")}

    def put(self, entries: Sequence[Entry]) -> None:
        """Keep words; one that is there is read as told now. `BadRequest` names what cannot be a word or a reading."""
        for entry in entries:
            word, reading = entry.word.strip(), entry.reading.strip()
            if not word or not reading or any(sign in entry.word + entry.reading for sign in "[]\n"):
                raise BadRequest(
                    f"lexicon: “{entry.word[:40]}” → “{entry.reading[:40]}”: both need words, without brackets",
                    f"词典：“{entry.word[:40]}”→“{entry.reading[:40]}”：词和读音都要填写，且不能含方括号",
                    where="lexicon",
                )
            check_text(word, "word", LONGEST_WORD)
            check_text(reading, "reading", LONGEST_READING)
        with self._database.write() as session:
            for scope in {entry.scope for entry in entries}:
                found = {row.word: row for row in session.scalars(select(LexiconRow).where(LexiconRow.scope == scope))}
                fresh = {one.word.strip(): one for one in entries if one.scope == scope}
                if len(found.keys() | fresh.keys()) > MOST:
                    raise BadRequest(f"lexicon: at most {MOST:,} words", f"词典：最多 {MOST:,} 个词", where="lexicon")
                for word, entry in fresh.items():
                    row = found.get(word) or LexiconRow(scope=scope, word=word)
                    row.reading, row.note = entry.reading.strip(), check_text(entry.note.strip(), "note", 500)
                    session.add(row)

    def delete(self, words: Sequence[str], scope: str = "") -> int:
        """Forget words; how many there were."""
        with self._database.write() as session:
            gone = delete(LexiconRow).where(LexiconRow.scope == scope, LexiconRow.word.in_(words))
            return int(session.execute(gone).rowcount)  # type: ignore[attr-defined]


def _entry(row: LexiconRow) -> Entry:
    return Entry(row.word, row.reading, row.note, row.scope)
