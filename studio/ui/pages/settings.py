"""The Settings page: where things are kept, how much room they take, whether the installation is in order."""

import contextlib
import shutil
from typing import Any

import studio as package
from studio.studio import Studio, TakeQuery
from studio.ui import asked as take
from studio.ui import preferences
from studio.ui.pages.bin import Questions as Bin
from studio.ui.pages.parts import component
from studio.ui.strings import say


def build(studio: Studio) -> None:
    """Put the page into the Blocks that is being made."""
    house, bin = Questions(studio), Bin(studio)
    component(
        "settings",
        [
            house.house,
            house.set_limit,
            house.clean_cache,
            house.checks,
            house.api_keys,
            house.add_key,
            house.revoke_key,
            bin.deleted,
            bin.empty_bin,
            bin.set_bin_days,
        ],
    )


class Questions:
    """What the script of this page may ask; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def house(self, asked: dict[str, Any], language: str) -> Any:
        """Where things are, and how much room they take."""
        studio, folder = self.studio, self.studio.folder.path
        takes = studio.takes.find(TakeQuery(size=1)).total
        database = sum(file.stat().st_size for file in folder.glob("studio.db*"))
        free = shutil.disk_usage(folder).free
        return {
            "facts": [
                [say("settings.path", language), str(folder)],
                [
                    say("settings.takes", language),
                    say("settings.count", language, n=takes, size=amount(studio.cache.size())),
                ],
                [say("settings.database", language), amount(database)],
                [say("settings.free", language), amount(free)],
            ],
            "limit_gb": round(preferences.cache_limit(folder) / 1e9, 1),
            "version": say("settings.version", language, version=package.__version__),
        }

    def set_limit(self, asked: dict[str, Any], language: str) -> Any:
        """Keep the limit for takes, now and at every later start."""
        gigabytes = asked.get("gb")
        chosen = (
            gigabytes * 1e9 if isinstance(gigabytes, (int, float)) and not isinstance(gigabytes, bool) else gigabytes
        )
        self.studio.cache.limit = preferences.keep_cache_limit(self.studio.folder.path, chosen)  # type: ignore[arg-type]
        return True

    def clean_cache(self, asked: dict[str, Any], language: str) -> Any:
        """Remove what lies above the limit."""
        limit = preferences.cache_limit(self.studio.folder.path)
        cleaned = self.studio.clean_takes(limit // 1_000_000)
        return {"takes": cleaned.takes, "bytes": cleaned.bytes}

    def api_keys(self, asked: dict[str, Any], language: str) -> Any:
        """Who may ask the API; never a secret."""
        return [
            {
                "id": key.id,
                "name": key.name,
                "created": key.created.isoformat(),
                "used": key.last_used.isoformat() if key.last_used else "",
            }
            for key in self.studio.keys.list()
            if key.revoked is None
        ]

    def add_key(self, asked: dict[str, Any], language: str) -> Any:
        """A new key; this is the only time that its secret is told."""
        return {"secret": self.studio.keys.add(take.text(asked, "name"))[1]}

    def revoke_key(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.keys.revoke(take.text(asked, "id"))
        return True

    def checks(self, asked: dict[str, Any], language: str) -> Any:
        from studio.doctor import examine

        opened = lambda: contextlib.nullcontext(self.studio)  # noqa: E731  # the doctor opens what is open already
        return [
            {
                "name": c.name.text(language),
                "good": c.good,
                "found": c.found.text(language),
                "fix": c.fix.text(language),
            }
            for c in examine(opened)
        ]


def amount(size: float) -> str:
    """Bytes in words: `3.2 MB`."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
