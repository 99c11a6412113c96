"""`Library`: one object that opens a data folder and holds the repositories over it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # sqlalchemy takes 0.3 s to import: only who opens a library pays for it
    from types import TracebackType

    from studio.library.cache import Cache
    from studio.library.casts import Casts
    from studio.library.database import Database
    from studio.library.folder import DataFolder
    from studio.library.keys import Keys
    from studio.library.lexicons import Lexicons
    from studio.library.outcomes import Outcomes
    from studio.library.previews import Previews
    from studio.library.productions import Productions
    from studio.library.references import References
    from studio.library.scripts import Scripts
    from studio.library.styles import Styles
    from studio.library.takes import Takes
    from studio.library.voice_measures import VoiceMeasures
    from studio.library.voices import Voices


class Library:
    """An open library. Thread-safe; several processes may have the same one open."""

    def __init__(self, folder: DataFolder, database: Database, cache_limit: int | None = None) -> None:
        from studio.library.cache import Cache

        self.folder = folder
        self.database = database
        self.cache: Cache = Cache(folder.takes, database, limit=cache_limit)

    @cached_property
    def voices(self) -> Voices:
        from studio.library.voices import Voices

        return Voices(self.database)

    @cached_property
    def voice_measures(self) -> VoiceMeasures:
        from studio.library.voice_measures import VoiceMeasures

        return VoiceMeasures(self.database)

    @cached_property
    def references(self) -> References:
        from studio.library.references import References

        return References(self.database)

    @cached_property
    def styles(self) -> Styles:
        from studio.library.styles import Styles

        return Styles(self.database)

    @cached_property
    def takes(self) -> Takes:
        from studio.library.takes import Takes

        return Takes(self.database)

    @cached_property
    def previews(self) -> Previews:
        from studio.library.previews import Previews

        return Previews(self.database)

    @cached_property
    def productions(self) -> Productions:
        from studio.library.productions import Productions

        return Productions(self.database)

    @cached_property
    def scripts(self) -> Scripts:
        from studio.library.scripts import Scripts

        return Scripts(self.database)

    @cached_property
    def outcomes(self) -> Outcomes:
        from studio.library.outcomes import Outcomes

        return Outcomes(self.database)

    @cached_property
    def casts(self) -> Casts:
        from studio.library.casts import Casts

        return Casts(self.database)

    @cached_property
    def lexicons(self) -> Lexicons:
        from studio.library.lexicons import Lexicons

        return Lexicons(self.database)

    @cached_property
    def keys(self) -> Keys:
        from studio.library.keys import Keys

        return Keys(self.database)

    @classmethod
    def open(
        cls, folder: DataFolder | Path | str | None = None, url: str | None = None, *, cache_limit: int | None = None
    ) -> Library:
        """The library in `folder` (default: see `DataFolder`), in its SQLite file or in the database at `url`.

        `cache_limit`: bytes of takes to keep before the least recently used ones go; None keeps all. Makes and
        upgrades the database as needed. `NotWritable`, `NewerData`, `BadFile`, `InUse`, `DiskFull`, `StorageError`.
        """
        from studio.library.database import Database
        from studio.library.folder import DataFolder
        from studio.library.migrations import prepare

        place = folder if isinstance(folder, DataFolder) else DataFolder(folder)
        database = Database(url or place.database_url)
        try:
            prepare(database)
        except BaseException:
            database.engine.dispose()
            raise
        return cls(place, database, cache_limit)

    def close(self) -> None:
        """Write what is pending and give the connections back (idempotent)."""
        self.cache.flush()
        self.database.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
