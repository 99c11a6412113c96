"""Styles: named sets of control values, the shipped ones kept in step with `presets/`, the user's their own."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from studio.errors import BadRequest, NotFound
from studio.library.database import Database
from studio.library.plain import check_text
from studio.library.style import NewStyle, Style
from studio.library.tables import StyleRow
from studio.library.voice import LONGEST_TEXT, check_languages, check_name, name_key, new_id
from studio.words import Words

KIND = Words("style", "风格")


class Styles:
    """The styles of a library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, style: NewStyle) -> Style:
        """Keep a style; one of the user's with the same name and engine is replaced. `BadRequest`."""
        return self.save_all([style])[0]

    def save_all(self, styles: Sequence[NewStyle], *, replace_own: bool = True) -> tuple[Style, ...]:
        """`save` for several, all or none; without `replace_own`, a name that is taken is refused."""
        found = []
        with self._database.write() as session:
            for values in map(_values, styles):
                row = session.scalar(select(StyleRow).where(*_same(values)))
                if row is not None:
                    _refuse_shipped(row, "replaced", "替换")
                    if not replace_own:
                        raise _taken(row.name)
                else:
                    row = StyleRow(id=new_id(), shipped=False, created=datetime.now(UTC))
                    session.add(row)
                _set(row, values)
                session.flush()
                found.append(_style(row))
        return tuple(found)

    def change(self, id: str, style: NewStyle) -> Style:
        """Put all of a style of the user's anew. `NotFound`, `BadRequest` if it is shipped or the name taken."""
        values = _values(style)
        with self._database.write() as session:
            row = _row(session, id, None)
            _refuse_shipped(row, "changed", "修改")
            _set(row, values)
            try:
                session.flush()
            except IntegrityError as error:
                raise _taken(style.name) from error
            return _style(row)

    def get(self, reference: str, engine: str | None = None) -> Style:
        """The style with this id or name; with `engine`, that engine's own before one for any engine.

        A shipped style is found by its translated names too. `NotFound` suggests a near one; `BadRequest` if several
        engines have one of that name and `engine` does not say which.
        """
        with self._database.read() as session:
            return _style(_row(session, reference, engine))

    def list(self, engine: str | None = None) -> tuple[Style, ...]:
        """All styles, or those that `engine` can use; shipped first, then by name."""
        query = select(StyleRow).order_by(StyleRow.shipped.desc(), StyleRow.name_key, StyleRow.engine)
        if engine is not None:
            query = query.where(or_(StyleRow.engine == engine, StyleRow.engine == ""))
        with self._database.read() as session:
            return tuple(map(_style, session.scalars(query)))

    def rename(self, reference: str, name: str) -> Style:
        """Give a style of the user's another name. `NotFound`, `BadRequest` if it is taken or shipped."""
        name = check_name(name)
        with self._database.write() as session:
            row = _row(session, reference, None)
            _refuse_shipped(row, "renamed", "改名")
            row.name, row.name_key, row.updated = name, name_key(name), datetime.now(UTC)
            try:
                session.flush()
            except IntegrityError as error:
                raise _taken(name) from error
            return _style(row)

    def delete(self, reference: str) -> Style:
        """Remove a style of the user's; `restore` puts what this returns back. `NotFound`, `BadRequest` if shipped."""
        with self._database.write() as session:
            row = _row(session, reference, None)
            _refuse_shipped(row, "deleted", "删除")
            session.delete(row)
            return _style(row)

    def restore(self, style: Style) -> Style:
        """Undo `delete`. `BadRequest` if a style has taken its name since."""
        same = {name: getattr(style, name) for name in ("name", "engine", "controls", "description", "translations")}
        new = NewStyle(**same, languages=style.languages)
        with self._database.write() as session:
            row = StyleRow(id=style.id, shipped=False, created=style.created)
            _set(row, _values(new))
            session.add(row)
            try:
                session.flush()
            except IntegrityError as error:
                raise _taken(style.name) from error
            return _style(row)

    def ship(self, styles: Sequence[NewStyle]) -> None:
        """Make the shipped styles exactly these. One of the user's with the same name stays, and wins."""
        wanted = {(v["name_key"], v["engine"]): v for v in map(_values, styles)}
        if self._shipped() == wanted:
            return  # nearly every start
        with self._database.write() as session:
            rows = {(row.name_key, row.engine): row for row in session.scalars(select(StyleRow))}
            gone = [row.number for key, row in rows.items() if row.shipped and key not in wanted]
            session.execute(delete(StyleRow).where(StyleRow.number.in_(gone)))
            for key, values in wanted.items():
                row = rows.get(key) or StyleRow(id=new_id(), shipped=True, created=datetime.now(UTC))
                if row.shipped:
                    _set(row, values)
                    session.add(row)

    def _shipped(self) -> dict[tuple[str, str], dict[str, Any]]:
        with self._database.read() as session:
            rows = session.scalars(select(StyleRow).where(StyleRow.shipped))
            return {(row.name_key, row.engine): {name: getattr(row, name) for name in _COLUMNS} for row in rows}


_COLUMNS = ("name", "name_key", "engine", "controls", "description", "languages", "translations")


def _values(style: NewStyle) -> dict[str, Any]:
    name = check_name(style.name)
    return {
        "name": name,
        "name_key": name_key(name),
        "engine": style.engine,
        "controls": dict(style.controls),
        "description": check_text(style.description, "description", LONGEST_TEXT),
        "languages": list(check_languages(style.languages)),
        "translations": {language: dict(words) for language, words in style.translations.items()},
    }


def _same(values: dict[str, Any]) -> tuple[Any, ...]:
    return StyleRow.name_key == values["name_key"], StyleRow.engine == values["engine"]


def _set(row: StyleRow, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.updated = datetime.now(UTC)


def _row(session: Session, reference: str, engine: str | None) -> StyleRow:
    row = session.scalar(select(StyleRow).where(StyleRow.id == reference))
    if row is not None:
        return row
    rows = list(session.scalars(select(StyleRow)))
    if engine is not None:
        rows = sorted((r for r in rows if r.engine in (engine, "")), key=lambda r: r.engine == "")
    named = [r for r in rows if r.name_key == name_key(reference)] or [
        r for r in rows if name_key(reference) in (name_key(name) for name in _other_names(r))
    ]
    if len(named) > 1 and engine is None:
        engines = [r.engine or "*" for r in named]
        raise BadRequest(
            f"style “{reference}”: {len(named)} engines have one ({', '.join(engines)}); name the engine or use the id",
            f"风格“{reference}”：有 {len(named)} 个引擎都有（{'、'.join(engines)}），请指明引擎或用编号",
            where="style",
        )
    if not named:
        known = [name for r in rows for name in (r.name, *_other_names(r))]
        raise NotFound.among(KIND, reference, dict.fromkeys(known), where="style")
    return named[0]


def _other_names(row: StyleRow) -> list[str]:
    return [words["name"] for words in row.translations.values() if words.get("name")]


def _refuse_shipped(row: StyleRow, en: str, zh: str) -> None:
    if row.shipped:
        raise BadRequest(
            f"style “{row.name}”: came with the studio and cannot be {en}; save your own under another name",
            f"风格“{row.name}”：随软件提供，不能{zh}；请用别的名称另存",
            where="style",
        )


def _taken(name: str) -> BadRequest:
    return BadRequest(
        f"style “{name}”: this name is taken; choose another",
        f"风格“{name}”：这个名称已被使用，请换一个",
        where="name",
    )


def _style(row: StyleRow) -> Style:
    return Style(
        id=row.id,
        name=row.name,
        engine=row.engine,
        controls=row.controls,
        description=row.description,
        languages=tuple(row.languages),
        translations=row.translations,
        shipped=row.shipped,
        created=row.created,
        updated=row.updated,
    )
