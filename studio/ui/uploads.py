"""Files that a person dropped on the page: kept in a folder of ours under a ticket, and found by that alone."""

import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

from studio.errors import BadFile, NotFound

LARGEST = {
    "uploads": 64 << 20,
    "recordings": 4 << 30,
    "voice-files": 4 << 30,
}  # bytes of one file: texts; sound and video; voices and packs
KEPT_S = 24 * 3600.0
TICKET = re.compile(r"[0-9a-f]{32}")


class Uploads:
    """The folder of uploads of one kind below a data folder."""

    def __init__(self, folder: Path, kind: str = "uploads") -> None:
        self.folder, self._kind = folder / kind, kind

    async def keep(self, name: str, pieces: AsyncIterator[bytes]) -> str:
        """Write the pieces; gives the ticket. `BadFile` past the limit, and then nothing is kept."""
        self._forget_old()
        ticket = secrets.token_hex(16)
        place = self.folder / ticket
        place.mkdir(parents=True)
        size = 0
        try:
            with (place / plain_name(name)).open("wb") as file:
                async for piece in pieces:
                    size += len(piece)
                    if size > LARGEST[self._kind]:
                        raise BadFile(
                            f"{name}: larger than {LARGEST[self._kind] >> 20} MB; split it",
                            f"{name}：超过 {LARGEST[self._kind] >> 20} MB；请拆分后上传",
                            where=name,
                        )
                    file.write(piece)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        return ticket

    def path(self, ticket: str) -> Path:
        """The file behind a ticket. `NotFound` for anything that is not one of ours."""
        found = (
            sorted((self.folder / ticket).iterdir())
            if TICKET.fullmatch(ticket) and (self.folder / ticket).is_dir()
            else []
        )
        if not found:
            raise NotFound(
                "this upload is no longer here; drop the file again",
                "这个上传的文件已经不在了；请重新拖入",
                where="upload",
            )
        return found[0]

    def _forget_old(self) -> None:
        if self.folder.is_dir():
            for place in self.folder.iterdir():
                if place.stat().st_mtime < time.time() - KEPT_S:
                    shutil.rmtree(place, ignore_errors=True)


def plain_name(name: str) -> str:
    """The file's own name without folders and control characters."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(". ")
    stem, dot, ending = kept.rpartition(".")
    return f"{(stem or ending)[:100]}{dot if stem else ''}{ending[:10] if stem else ''}" or "text.txt"
