"""Scripts: chapters and lines of a production, edited with undo, and what became of each line.

Every edit is a set of changed columns of rows, written together with the values they had. So taking it back is the same
thing the other way round, and no edit needs code of its own for that. What is taken out stays in the table, marked, for
as long as it can be brought back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Integer, case, func, insert, select

from studio.errors import BadRequest, NotFound
from studio.library.database import Database
from studio.library.script import Chapter, Edit, Line, LineChange, LineQuery, Lines, NewChapter, NewLine
from studio.library.script_edits import (
    CAST,
    STEP,
    TABLES,
    Changes,
    added,
    checked_name,
    checked_text,
    edit,
    put,
    put_cast,
    room,
    row_of,
    touch,
)
from studio.library.script_rows import (
    CHAPTER,
    between,
    chapter_ids,
    chapter_of,
    chapter_row,
    chapters_of,
    in_order,
    line_of,
    line_row,
    line_rows,
    production_number,
    wanted_lines,
)
from studio.library.tables import ChapterRow, EditRow, LineRow
from studio.library.voice import new_id
from studio.words import Words, counted

LARGEST_PAGE = 1000
ALL = LineQuery()


class Scripts:
    """The scripts of a library's productions. Every method names the production by its id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # reading

    def chapters(self, production: str) -> tuple[Chapter, ...]:
        """The chapters in order, with how far each is."""
        state = case((LineRow.locked & (LineRow.take != ""), "locked"), else_=LineRow.state)
        seconds, problems = func.sum(LineRow.seconds), func.sum(func.cast(LineRow.problem != "", Integer))
        with self._database.read() as session:
            owner = production_number(session, production)
            counted = (
                select(LineRow.chapter, state, func.count(), seconds, problems)
                .where(LineRow.production == owner, LineRow.gone.is_(False))
                .group_by(LineRow.chapter, state)
            )
            found: dict[int, list[Any]] = {}
            for row in session.execute(counted):
                found.setdefault(row[0], []).append(row)
            rows = session.scalars(chapters_of(owner))
            return tuple(chapter_of(row, found.get(row.number, ())) for row in rows)

    def lines(self, production: str, query: LineQuery = ALL, offset: int = 0, size: int = 100) -> Lines:
        """A stretch of the lines in the order of the script."""
        if not 1 <= size <= LARGEST_PAGE or offset < 0:
            raise BadRequest(
                f"lines from {offset}, {size} of them: takes 0 or more, and 1 to {LARGEST_PAGE}",
                f"从第 {offset} 条起取 {size} 条：起点不小于 0，条数为 1 到 {LARGEST_PAGE}",
                where="size",
            )
        with self._database.read() as session:
            owner = production_number(session, production)
            where = wanted_lines(session, owner, query)
            total = session.scalar(select(func.count()).select_from(LineRow).where(*where)) or 0
            names = chapter_ids(session, owner)
            if query.chapter:
                ordered = select(LineRow).where(*where).order_by(LineRow.position)
            else:
                place = ChapterRow.number == LineRow.chapter
                ordered = (
                    select(LineRow)
                    .join(ChapterRow, place)
                    .where(*where)
                    .order_by(ChapterRow.position, LineRow.position)
                )
            rows = session.scalars(ordered.limit(size).offset(offset))
            return Lines(tuple(line_of(row, names) for row in rows), total, offset)

    def line(self, production: str, id: str) -> Line:
        """One line. `NotFound`."""
        with self._database.read() as session:
            owner = production_number(session, production)
            return line_of(line_row(session, owner, id), chapter_ids(session, owner))

    def all_lines(self, production: str, query: LineQuery = ALL, size: int = 500) -> Iterator[Line]:
        """Every line in order, read a stretch at a time; what is edited meanwhile may be met in either state."""
        for chapter in [query.chapter] if query.chapter else [one.id for one in self.chapters(production)]:
            offset = 0
            wanted = LineQuery(**{**asdict(query), "chapter": chapter})
            while items := self.lines(production, wanted, offset, size).items:
                yield from items
                offset += len(items)

    def strip(self, production: str, chapter: str) -> tuple[tuple[str, float, str, str], ...]:
        """(id, seconds or 0, state, problem) of each line of a chapter in order: what a picture of it is drawn from."""
        state = case((LineRow.locked & (LineRow.take != ""), "locked"), else_=LineRow.state)
        with self._database.read() as session:
            owner = production_number(session, production)
            here = LineRow.chapter == chapter_row(session, owner, chapter).number, LineRow.gone.is_(False)
            query = select(LineRow.id, LineRow.seconds, state, LineRow.problem).where(*here).order_by(LineRow.position)
            return tuple((id, seconds or 0.0, told, problem) for id, seconds, told, problem in session.execute(query))

    def place(self, production: str, id: str) -> tuple[str, int]:
        """The chapter of a line and how many lines stand before it there."""
        with self._database.read() as session:
            owner = production_number(session, production)
            row = line_row(session, owner, id)
            before = LineRow.chapter == row.chapter, LineRow.gone.is_(False), LineRow.position < row.position
            count = session.scalar(select(func.count()).select_from(LineRow).where(*before)) or 0
            return chapter_ids(session, owner)[row.chapter], count

    def edits(self, production: str) -> tuple[Edit, ...]:
        """The changes that can be taken back or made again, the last one first."""
        with self._database.read() as session:
            owner = production_number(session, production)
            rows = session.scalars(select(EditRow).where(EditRow.production == owner).order_by(EditRow.number.desc()))
            return tuple(Edit(Words(row.what["en"], row.what["zh"]), len(row.changes), row.undone) for row in rows)

    # making

    def write(self, production: str, chapters: Iterable[NewChapter]) -> None:
        """Put chapters behind those that are there. Not an edit: it begins a script."""
        with self._database.write() as session:
            owner = production_number(session, production)
            at = session.scalar(select(func.max(ChapterRow.position)).where(ChapterRow.production == owner)) or 0
            for chapter in chapters:
                at += STEP
                row = ChapterRow(
                    id=new_id(), production=owner, position=at, gone=False, title=checked_name(chapter.title)
                )
                session.add(row)
                session.flush()
                rows = [row_of(owner, row.number, (n + 1) * STEP, line) for n, line in enumerate(chapter.lines)]
                if rows:
                    session.execute(insert(LineRow), rows)

    def change(self, production: str, ids: Sequence[str], change: LineChange) -> None:
        """Change lines, all in the same way."""
        values = {name: value for name, value in asdict(change).items() if value is not None}
        if values.get("pause_ms") == -1:
            values["pause_ms"] = None
        if "text" in values:
            values["text"] = checked_text(values["text"])
        if "speaker" in values:
            values |= {"speaker": checked_name(values["speaker"]), "sure": 1.0}
        with self._database.write() as session:
            owner = production_number(session, production)
            found = {row.number: dict(values) for row in line_rows(session, owner, ids)}
            count = len(ids)
            edit(session, owner, Words(f"{counted(count, 'line')} changed", f"修改 {count} 条台词"), found)

    def insert(self, production: str, line: NewLine, *, after: str = "", chapter: str = "") -> str:
        """Put a line after another, or at the start of a chapter; its id."""
        with self._database.write() as session:
            owner = production_number(session, production)
            if after:
                before = line_row(session, owner, after)
                home, low = before.chapter, before.position
            else:
                home, low = chapter_row(session, owner, chapter).number, 0
            changes, positions = room(session, home, low, 1)
            row = added(session, owner, home, positions[0], line)
            changes[row.number] = {"gone": False}
            edit(session, owner, Words("a line added", "添加一条台词"), changes)
            return row.id

    def delete(self, production: str, ids: Sequence[str]) -> None:
        """Take lines out."""
        with self._database.write() as session:
            owner = production_number(session, production)
            changes: Changes = {row.number: {"gone": True} for row in line_rows(session, owner, ids)}
            edit(session, owner, Words(f"{counted(len(ids), 'line')} deleted", f"删除 {len(ids)} 条台词"), changes)

    def split(self, production: str, id: str, at: int) -> str:
        """Cut a line in two before its character `at`; the id of the second half."""
        with self._database.write() as session:
            owner = production_number(session, production)
            row = line_row(session, owner, id)
            first, second = row.text[:at].rstrip(), row.text[at:].lstrip()
            if not first or not second:
                raise BadRequest(
                    f"split at {at}: both halves need words; take 1 to {len(row.text) - 1}",
                    f"在 {at} 处拆分：两边都要有文字；应为 1 到 {len(row.text) - 1}",
                    where="at",
                )
            changes, positions = room(session, row.chapter, row.position, 1)
            half = NewLine(
                second, row.speaker, row.sure, row.emotion, row.style, row.ends, row.pause_ms,  # type: ignore[arg-type]
                row.kind, row.language,  # type: ignore[arg-type]
            )  # fmt: skip
            half_row = added(session, owner, row.chapter, positions[0], half)
            changes.setdefault(row.number, {}).update(text=first, ends="", pause_ms=None)
            changes[half_row.number] = {"gone": False}
            edit(session, owner, Words("a line split", "拆分一条台词"), changes)
            return half_row.id

    def merge(self, production: str, ids: Sequence[str]) -> None:
        """Make one of lines that follow each other in a chapter; it is spoken by whom the first one is."""
        from studio.text.joining import joined

        with self._database.write() as session:
            owner = production_number(session, production)
            rows = sorted(line_rows(session, owner, ids), key=lambda row: row.position)
            if len(rows) < 2 or len({row.chapter for row in rows}) > 1 or between(session, rows):
                raise BadRequest(
                    "merge: choose two or more lines that follow each other in one chapter",
                    "合并：请选择同一章里前后相连的两条或更多台词",
                    where="lines",
                )
            last = rows[-1]
            text = checked_text(joined(row.text for row in rows))
            changes: Changes = {row.number: {"gone": True} for row in rows[1:]}
            changes[rows[0].number] = {"text": text, "ends": last.ends, "pause_ms": last.pause_ms}
            edit(session, owner, Words(f"{counted(len(rows), 'line')} merged", f"合并 {len(rows)} 条台词"), changes)

    def move(self, production: str, ids: Sequence[str], *, after: str = "", chapter: str = "") -> None:
        """Put lines, in the order they have, after another line or at the start of a chapter."""
        with self._database.write() as session:
            owner = production_number(session, production)
            rows = in_order(session, line_rows(session, owner, ids))
            if after in ids:
                raise BadRequest("move: a line cannot follow itself", "移动：台词不能排在自己后面", where="after")
            target = line_row(session, owner, after) if after else None
            home = target.chapter if target else chapter_row(session, owner, chapter).number
            changes, positions = room(
                session, home, target.position if target else 0, len(rows), {r.number for r in rows}
            )
            for row, position in zip(rows, positions, strict=True):
                changes[row.number] = {"chapter": home, "position": position}
            edit(session, owner, Words(f"{counted(len(rows), 'line')} moved", f"移动 {len(rows)} 条台词"), changes)

    def replace(self, production: str, find: str, into: str, query: LineQuery = ALL) -> int:
        """Put one text for another in all lines of the query; how many lines changed."""
        if not find:
            raise BadRequest("replace: say what to look for", "替换：请填写要查找的内容", where="find")
        with self._database.write() as session:
            owner = production_number(session, production)
            where = [*wanted_lines(session, owner, query), LineRow.text.contains(find, autoescape=True)]
            rows = session.execute(select(LineRow.number, LineRow.text).where(*where)).all()
            changes: Changes = {
                number: {"text": checked_text(text.replace(find, into))} for number, text in rows if find in text
            }
            if changes:
                what = Words(
                    f"“{find[:30]}” replaced in {counted(len(changes), 'line')}",
                    f"在 {len(changes)} 条台词中替换“{find[:30]}”",
                )
                edit(session, owner, what, changes)
            return len(changes)

    def anew(self, production: str, ids: Sequence[str]) -> None:
        """Ask for another take of each of these lines: the next seed."""
        with self._database.write() as session:
            owner = production_number(session, production)
            rows = line_rows(session, owner, ids)
            for row in rows:
                row.seed += 1
                row.state, row.error = ("stale" if row.take else "planned"), {}

    def pace(self, production: str, speeds: Mapping[str, float]) -> None:
        """Set how fast lines (ids) are spoken. It follows from their times, so it is no edit that is taken back."""
        with self._database.write() as session:
            rows = line_rows(session, production_number(session, production), list(speeds))
            put(session, LineRow, {row.number: {"speed": speeds[row.id]} for row in rows})

    def add_chapter(self, production: str, title: str, *, after: str = "") -> str:
        """A new chapter after another, or before all; its id."""
        with self._database.write() as session:
            owner = production_number(session, production)
            rows = list(session.scalars(chapters_of(owner)))
            ids = [row.id for row in rows]
            if after and after not in ids:
                raise NotFound.among(CHAPTER, after, ids, where="chapter")
            at = ids.index(after) + 1 if after else 0
            made = ChapterRow(id=new_id(), production=owner, position=0, gone=True, title=checked_name(title))
            session.add(made)
            session.flush()
            rows.insert(at, made)
            changes: Changes = {row.number: {"position": (n + 1) * STEP} for n, row in enumerate(rows)}
            changes[made.number]["gone"] = False
            edit(session, owner, Words("a chapter added", "添加一章"), {}, changes)
            return made.id

    def change_chapter(self, production: str, id: str, title: str) -> None:
        with self._database.write() as session:
            owner = production_number(session, production)
            row = chapter_row(session, owner, id)
            edit(
                session,
                owner,
                Words("a chapter renamed", "重命名章节"),
                {},
                {row.number: {"title": checked_name(title)}},
            )

    def delete_chapter(self, production: str, id: str) -> None:
        """Take a chapter out with all its lines."""
        with self._database.write() as session:
            owner = production_number(session, production)
            row = chapter_row(session, owner, id)
            here = LineRow.chapter == row.number, LineRow.gone.is_(False)
            lines: Changes = {number: {"gone": True} for number in session.scalars(select(LineRow.number).where(*here))}
            edit(session, owner, Words("a chapter deleted", "删除一章"), lines, {row.number: {"gone": True}})

    def undo(self, production: str) -> Words | None:
        """Take the last edit back; what it was, or None where there is nothing left."""
        return self._turn(production, back=True)

    def redo(self, production: str) -> Words | None:
        """Make the edit again that was taken back last."""
        return self._turn(production, back=False)

    def revise(
        self, production: str, what: Words, fresh: Mapping[str, Sequence[NewLine | str]], titles: Mapping[str, str]
    ) -> None:
        """A new version of the script, as one edit. `fresh`: chapter id (or "new:…" for one to be made) -> its lines in
        order, each the id of a line that stays or a new one; `titles`: of the chapters. What is not named goes."""
        with self._database.write() as session:
            owner = production_number(session, production)
            lines: Changes = {
                number: {"gone": True}
                for number in session.scalars(
                    select(LineRow.number).where(LineRow.production == owner, LineRow.gone.is_(False))
                )
            }
            chapters: Changes = {row.number: {"gone": True} for row in session.scalars(chapters_of(owner))}
            known = {row.id: row for row in session.scalars(select(LineRow).where(LineRow.production == owner))}
            for at, (id, row) in enumerate(fresh.items()):
                if id.startswith("new:"):
                    made = ChapterRow(
                        id=new_id(), production=owner, position=0, gone=True, title=checked_name(titles[id])
                    )
                    session.add(made)
                    session.flush()
                    home = made.number
                else:
                    home = chapter_row(session, owner, id).number
                chapters[home] = {"gone": False, "position": (at + 1) * STEP, "title": checked_name(titles[id])}
                for place, line in enumerate(row):
                    position = (place + 1) * STEP
                    if isinstance(line, str):
                        lines[known[line].number] = {"gone": False, "chapter": home, "position": position}
                    else:
                        lines[added(session, owner, home, position, line).number] = {"gone": False}
            edit(session, owner, what, lines, chapters)

    def _turn(self, production: str, back: bool) -> Words | None:
        with self._database.write() as session:
            owner = production_number(session, production)
            order = EditRow.number.desc() if back else EditRow.number.asc()
            wanted = EditRow.production == owner, EditRow.undone.is_(not back)
            last = session.scalar(select(EditRow).where(*wanted).order_by(order).limit(1))
            if last is None:
                return None
            for table, model in TABLES.items():
                rows = {n: before if back else after for kind, n, before, after in last.changes if kind == table}
                put(session, model, rows)
            cast = {name: before if back else after for kind, name, before, after in last.changes if kind == CAST}
            put_cast(session, owner, cast)
            last.undone = back
            touch(session, owner)
            return Words(last.what["en"], last.what["zh"])
