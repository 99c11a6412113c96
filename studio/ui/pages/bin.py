"""Deleted things, on the Settings page: what there is, how much room it takes, and its removal for good."""

from typing import Any

from studio.studio import BIN_KINDS, Studio
from studio.ui import asked as take
from studio.ui import preferences


class Questions:
    """What the script may ask."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def deleted(self, asked: dict[str, Any], language: str) -> Any:
        """What lies deleted, by kind, and after how many days it goes by itself."""
        kinds = [
            {
                "kind": one.kind,
                "label": BIN_KINDS[one.kind].text(language),
                "count": one.count,
                "bytes": one.bytes,
                "since": one.since.isoformat() if one.since else "",
                "held": one.held,
            }
            for one in self.studio.bin.look()
        ]
        return {"kinds": kinds, "days": preferences.bin_days(self.studio.folder.path)}

    def empty_bin(self, asked: dict[str, Any], language: str) -> Any:
        """Remove for good what was deleted more than `days` ago, with `strays` also files that belong to nothing."""
        done = self.studio.bin.empty(take.whole(asked, "days", 0), stray_files=take.switch(asked, "strays", False))
        return {"count": done.count, "bytes": done.bytes, "held": done.held, "failed": list(done.failed)}

    def set_bin_days(self, asked: dict[str, Any], language: str) -> Any:
        """Keep after how many days it goes by itself; 0 is never."""
        preferences.keep_bin_days(self.studio.folder.path, take.whole(asked, "days"))
        return True
