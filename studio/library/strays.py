"""What nothing names any more: files without a row, and lines of scripts that no step of undo brings back.

Such files are what a killed process left, or belong to another database. A file counts only a day after it was last
written, since rows follow their files.
"""

import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, union
from sqlalchemy.orm import Session

from studio.library.database import Database
from studio.library.folder import DataFolder
from studio.library.listing import parts
from studio.library.tables import (
    ChapterRow,
    EditRow,
    LineRow,
    LineTakeRow,
    ProductionRow,
    TakeRow,
    VoicePreviewRow,
)

DAY_S = 24 * 3600.0
SCRATCH = ("converted", "export", "heard", "pack", "production")  # folders of one answer, beside the database
_SCRATCH = re.compile(rf"({'|'.join(SCRATCH)})-\w{{8}}")
_TAKE = re.compile(r"[0-9a-f]{64}\.(flac|[\w-]+\.part)")
_PRODUCTION = re.compile(r"[0-9a-f]{16}")


def strays(folder: DataFolder, database: Database) -> list[Path]:
    """Files of takes and folders of productions without a row, and what answers left that were cut short."""
    takes = [path for path in folder.takes.iterdir() if _TAKE.fullmatch(path.name)]
    productions = [path for path in folder.productions.iterdir() if _PRODUCTION.fullmatch(path.name)]
    with database.read() as session:
        known = _takes(session) if takes else set()
        homes = set(session.scalars(select(ProductionRow.id)))
    found = [path for path in takes if path.name.removesuffix(".flac") not in known]
    found += [path for path in productions if path.name not in homes]
    found += [path for path in folder.path.iterdir() if _SCRATCH.fullmatch(path.name) and path.is_dir()]
    return [path for path in found if _age_s(path) > DAY_S]


def remove_stray(path: Path) -> bool:
    """Whether nothing is there any more."""
    with suppress(OSError):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return not path.exists()


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return sum(_bytes(one) for one in (path.rglob("*") if path.is_dir() else [path]))


def lost_lines(session: Session) -> tuple[list[int], list[int], int]:
    """Numbers of the lines and chapters that were taken out of scripts and that no edit names any more, and the
    characters of their texts. A chapter stays while it has a line."""
    lines: list[int] = []
    chapters: list[int] = []
    owners = union(*(select(row.production).where(row.gone) for row in (LineRow, ChapterRow)))
    for owner in session.scalars(owners).all():
        named = _named(session, owner)
        of = [select(row.number).where(row.production == owner, row.gone) for row in (LineRow, ChapterRow)]
        mine = {number for number in session.scalars(of[0]) if ("line", number) not in named}
        in_gone = select(LineRow.chapter, LineRow.number).join(ChapterRow, LineRow.chapter == ChapterRow.number)
        inside = session.execute(in_gone.where(ChapterRow.production == owner, ChapterRow.gone)).all()
        homes = {chapter for chapter, number in inside if number not in mine}
        chapters += [n for n in session.scalars(of[1]) if ("chapter", n) not in named and n not in homes]
        lines += mine
    text = [select(func.sum(func.length(LineRow.text))).where(LineRow.number.in_(part)) for part in parts(lines)]
    return lines, chapters, sum(session.scalar(query) or 0 for query in text)


def remove_lines(session: Session, lines: Sequence[int], chapters: Sequence[int]) -> None:
    """Take them out for good."""
    for row, numbers in ((LineRow, lines), (ChapterRow, chapters)):
        for part in parts(numbers):
            session.execute(delete(row).where(row.number.in_(part)))


def _named(session: Session, owner: int) -> set[tuple[Any, Any]]:
    """Table and row of everything that an edit of this script can bring back."""
    edits: Iterator[list[Any]] = session.scalars(select(EditRow.changes).where(EditRow.production == owner))
    return {(table, number) for changes in edits for table, number, *_ in changes}


def _takes(session: Session) -> set[str]:
    """The digests that something goes by."""
    columns = TakeRow.digest, LineRow.take, LineTakeRow.take, VoicePreviewRow.take
    return set(session.scalars(union(*(select(column) for column in columns))))


def _age_s(path: Path) -> float:
    """Seconds since anything in it was written; what is in the way of knowing counts as young."""
    try:
        inside = [path, *path.iterdir()] if path.is_dir() else [path]
        return time.time() - max(one.stat().st_mtime for one in inside)
    except OSError:
        return 0.0


def _bytes(path: Path) -> int:
    try:
        return 0 if path.is_dir() else path.lstat().st_size
    except OSError:
        return 0
