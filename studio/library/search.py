"""Finding any piece of a text, Chinese or English, from one character on, quickly among 100,000 rows.

SQLite's trigram tokenizer and PostgreSQL's pg_trgm both need three characters, but a Chinese name has two, and 女 is a
fair question. So the index holds *windows*: at each character of a word, that character and up to two that follow
(温柔女声 -> 温柔女 柔女声 女声 声). A term of one or two characters is then a prefix of a window, a longer one a run of
windows. SQLite keeps them in an FTS5 table with prefix indices; PostgreSQL in a `tsvector` with a GIN index, without an
extension.

On SQLite the index also holds *labels*: one token for the engine of a row, for each of its tags, and so on. It meets
many long lists in a few milliseconds, where joining tables takes ten times as long. PostgreSQL's planner does without.

The index has to be told what to forget, so each row keeps its folded text and its labels (columns `search`, `labels`).
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Integer, Text, cast, column, func, literal, select, table, text
from sqlalchemy.orm import Session

from studio.errors import BadRequest
from studio.library.ranges import Ranges
from studio.library.tables import TakeRow, VoiceRow

INDEXED = ("voices", "takes")  # tables that have one
LONGEST_TEXT = 10_000  # characters of a row that can be found
LONGEST_QUERY = 200  # characters
MOST_TERMS = 12
_WINDOW = 3
_NO_TOKEN = "\ue000"  # stands for whatever FTS5 takes for a gap: controls, unassigned characters
_LABEL = "\ue001"  # begins every label, and nothing else
_GAP_CATEGORIES = frozenset(("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp", "Zs"))
_SQLITE_CREATE = """
CREATE VIRTUAL TABLE {name}_index USING fts5(
  windows, content='', columnsize=0, prefix='1 2',
  tokenize="unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co'")"""
_SQLITE_CREATE_TERMS = "CREATE VIRTUAL TABLE {name}_index_terms USING fts5vocab('{name}_index', 'row')"
_POSTGRES_CREATE = """
CREATE TABLE {name}_index (
  number INTEGER PRIMARY KEY REFERENCES {name} (number) ON DELETE CASCADE, windows TSVECTOR NOT NULL)"""
_POSTGRES_CREATE_GIN = "CREATE INDEX {name}_index_windows ON {name}_index USING gin (windows) WITH (fastupdate = off)"


def fold(*texts: str) -> str:
    """The texts as they are compared: width, case and compatibility forms folded, words separated by one space."""
    words = " ".join(texts)[:LONGEST_TEXT].split()
    folded = (_fold_word(word) for word in words)
    return " ".join(word for word in folded if word)[:LONGEST_TEXT]


def _fold_word(word: str) -> str:
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).casefold())
    if normal.isascii() and normal.isprintable():
        return normal
    return "".join(_NO_TOKEN if unicodedata.category(c) in _GAP_CATEGORIES and c != " " else c for c in normal)


def windows(folded: str) -> list[str]:
    """What the index holds of a folded text."""
    return [word[at : at + _WINDOW] for word in folded.split() for at in range(len(word))]


def label(kind: str, value: str | int | bool) -> str:
    """The token that says `value` of a row; `kind` is one small letter. Hexadecimal: any text fits, case is kept."""
    return f"{_LABEL}{kind}{str(value).encode().hex()}"


def language_labels(languages: Iterable[str]) -> list[str]:
    """Labels `a` of the languages as given, `l` of all that they belong to: zh-Hant-TW is also zh and zh-Hant."""
    parts = [language.split("-") for language in dict.fromkeys(languages)]
    wider = dict.fromkeys("-".join(part[:end]) for part in parts for end in range(1, len(part) + 1))
    return [label("a", language) for language in dict.fromkeys(languages)] + [label("l", name) for name in wider]


def terms(query: str) -> list[str]:
    """The folded words of a query, all of which must be found; `BadRequest` if it is too long."""
    words = list(dict.fromkeys(fold(query[: LONGEST_QUERY + 1]).split()))
    if len(query) > LONGEST_QUERY or len(words) > MOST_TERMS:
        raise BadRequest(
            f"search text of {len(query)} characters, {len(words)} words: at most {LONGEST_QUERY} characters and"
            f" {MOST_TERMS} words; use fewer",
            f"搜索内容有 {len(query)} 个字符、{len(words)} 个词：最多 {LONGEST_QUERY} 个字符、{MOST_TERMS} 个词，"
            "请缩短",
            where="text",
        )
    return words


def create(connection: Connection) -> None:
    """Make the empty indices."""
    for name in INDEXED:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(_SQLITE_CREATE.format(name=name))
            connection.exec_driver_sql(_SQLITE_CREATE_TERMS.format(name=name))
        else:
            connection.exec_driver_sql(_POSTGRES_CREATE.format(name=name))
            connection.exec_driver_sql(_POSTGRES_CREATE_GIN.format(name=name))


def is_index(name: str) -> bool:
    """Whether a table of that name belongs to an index (FTS5 keeps several)."""
    return any(name == f"{table}_index" or name.startswith(f"{table}_index_") for table in INDEXED)


@dataclass(frozen=True)
class Entry:
    """What the index holds of a row."""

    number: int
    folded: str
    labels: str  # separated by spaces


def add(session: Session, name: str, entries: Iterable[Entry]) -> None:
    """Index rows of table `name`."""
    values = [_values(session, entry) for entry in entries]
    if not values:
        return
    if on_sqlite(session):
        session.execute(text(f"INSERT INTO {name}_index (rowid, windows) VALUES (:n, :w)"), values)
    else:
        insert = f"INSERT INTO {name}_index VALUES (:n, array_to_tsvector(CAST(:w AS text[])))"
        session.execute(text(f"{insert} ON CONFLICT (number) DO UPDATE SET windows = excluded.windows"), values)


def remove(session: Session, name: str, entries: Iterable[Entry]) -> None:
    """Forget rows; the entries must be what was added."""
    values = [_values(session, entry) for entry in entries]
    if not values:
        return
    if on_sqlite(session):
        forget = f"INSERT INTO {name}_index ({name}_index, rowid, windows) VALUES ('delete', :n, :w)"
        session.execute(text(forget), values)
    else:
        session.execute(text(f"DELETE FROM {name}_index WHERE number = :n"), values)


def clear(session: Session, name: str) -> None:
    """Forget all rows, before indexing them anew."""
    if on_sqlite(session):
        session.execute(text(f"INSERT INTO {name}_index ({name}_index) VALUES ('delete-all')"))
    else:
        session.execute(text(f"DELETE FROM {name}_index"))


def count(
    session: Session, name: str, words: Sequence[str], labels: Sequence[str], ranges: Ranges | None = None
) -> int:
    """How many rows hold all of these terms (folded) and labels, straight from the index. SQLite only."""
    index = table(f"{name}_index", column("rowid", Integer), column(f"{name}_index"))
    found = select(func.count()).select_from(index)
    found = found.where(index.c[f"{name}_index"].op("MATCH")(literal(_fts5(words, labels), Text())))
    return session.scalar(found.where(ranges.holds(index.c.rowid)) if ranges else found) or 0


def label_counts(session: Session, name: str, kind: str, most: int) -> dict[str, int]:
    """How many rows have each label of a kind, the most frequent first. SQLite only."""
    of_kind = f"SELECT term, doc FROM {name}_index_terms WHERE term >= :low AND term < :high"
    query = text(f"{of_kind} ORDER BY doc DESC, term LIMIT :most")
    begin = f"{_LABEL}{kind}"
    rows = session.execute(query, {"low": begin, "high": f"{begin}g", "most": most})
    return {bytes.fromhex(term[len(begin) :]).decode(): n for term, n in rows}


def holding(row: type[VoiceRow] | type[TakeRow], words: Sequence[str], labels: Sequence[str]) -> ColumnElement[bool]:
    """The condition that a row holds all terms and labels. SQLite only."""
    name = row.__tablename__
    index = table(f"{name}_index", column("rowid"), column(f"{name}_index"))
    found = select(index.c.rowid).where(index.c[f"{name}_index"].op("MATCH")(literal(_fts5(words, labels), Text())))
    return row.number.in_(found)


def holding_words(row: type[VoiceRow] | type[TakeRow], words: Sequence[str]) -> list[ColumnElement[bool]]:
    """The conditions under which a row holds all terms. PostgreSQL only."""
    from sqlalchemy.dialects.postgresql import TSQUERY

    index = table(f"{row.__tablename__}_index", column("number"), column("windows"))
    found = select(index.c.number).where(index.c.windows.op("@@")(cast(_tsquery(words), TSQUERY())))
    # windows alone would also find their parts far from each other
    whole = [row.search.contains(word, autoescape=True) for word in words if len(word) > _WINDOW]
    return [row.number.in_(found), *whole]


def on_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _values(session: Session, entry: Entry) -> dict[str, object]:
    pieces = windows(entry.folded)
    if on_sqlite(session):
        return {"n": entry.number, "w": " ".join([*pieces, entry.labels])}
    return {"n": entry.number, "w": sorted(set(pieces))}


def _fts5(words: Sequence[str], labels: Sequence[str]) -> str:
    """An FTS5 query: each word a phrase of its windows, or the beginning of one."""
    return " AND ".join([*map(_phrase, words), *(f'"{label}"' for label in labels)])


def _phrase(word: str) -> str:
    if len(word) < _WINDOW:
        return '"' + word.replace('"', '""') + '" *'
    runs = (word[at : at + _WINDOW].replace('"', '""') for at in range(len(word) - _WINDOW + 1))
    return f'"{" ".join(runs)}"'


def _tsquery(words: Sequence[str]) -> str:
    """A `tsquery`: all windows of each word, or the beginning of one."""
    return " & ".join(part for word in words for part in _lexemes(word))


def _lexemes(word: str) -> list[str]:
    if len(word) < _WINDOW:
        return [f"{_quote(word)}:*"]
    return [_quote(word[at : at + _WINDOW]) for at in range(len(word) - _WINDOW + 1)]


def _quote(window: str) -> str:
    escaped = window.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
