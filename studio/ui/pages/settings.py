"""The Settings page: where things are kept, how much room they take, whether the installation is in order."""

import contextlib
from typing import Any

from studio.studio import Studio
from studio.ui import asked as take
from studio.ui.pages.parts import component
from studio.ui.strings import say


def build(studio: Studio) -> None:
    """Put the page into the Blocks that is being made."""
    house = Questions(studio)
    component("settings", [house.house, house.set_limit, house.clean_cache, house.checks])


class Questions:
    """What the script of this page may ask; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def house(self, asked: dict[str, Any], language: str) -> Any:
        sizes = self.studio.sizes()
        return {
            "facts": [
                [say("settings.path", language), str(self.studio.folder.path)],
                [say("settings.takes", language), say("settings.count", language, n=sizes.takes, size=amount(sizes.takes_bytes))],
                [say("settings.database", language), amount(sizes.database_bytes)],
                [say("settings.free", language), amount(sizes.free_bytes)],
            ],
            "limit_gb": round(self.studio.cache.limit / 1e9, 1),
            "version": say("settings.version", language, version=self.studio.version),
        }

    def set_limit(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.set_cache_limit(int(float(take.text({"gb": str(asked.get("gb"))}, "gb")) * 1e9))
        return True

    def clean_cache(self, asked: dict[str, Any], language: str) -> Any:
        return {"bytes": self.studio.clean_takes()}

    def checks(self, asked: dict[str, Any], language: str) -> Any:
        from studio.doctor import examine

        opened = lambda: contextlib.nullcontext(self.studio)  # noqa: E731  # the doctor opens what is open already
        return [
            {"name": c.name.text(language), "good": c.good, "found": c.found.text(language), "fix": c.fix.text(language)}
            for c in examine(opened)
        ]


def amount(size: float) -> str:
    """Bytes in words: `3.2 MB`."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
