"""Files that the page gives out once: written under a ticket, sent, and removed."""

import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import NotFound
from studio.ui.uploads import TICKET, Uploads, plain_name

if TYPE_CHECKING:
    from fastapi import FastAPI

    from studio.studio import Studio

KEPT_S = 3600.0  # what nobody fetched goes after this


class Exports:
    """The folder of such files below a data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "voice-exports"

    def place(self, title: str, ending: str) -> tuple[str, Path]:
        """A ticket, and where the file of that name is to be written."""
        self._forget_old()
        ticket = secrets.token_hex(16)
        stem = re.sub(r"\s+", "-", plain_name(title).strip())[:60] or "voices"
        place = self.folder / ticket
        place.mkdir(parents=True)
        return ticket, place / f"{stem.replace('.', '-')}{ending}"

    @contextmanager
    def kept(self, ticket: str) -> Iterator[None]:
        """Nothing is left of a ticket whose file could not be written."""
        try:
            yield
        except BaseException:
            shutil.rmtree(self.folder / ticket, ignore_errors=True)
            raise

    def claim(self, ticket: str) -> Path:
        """The file behind a ticket, which nobody else gets from now on. `NotFound` for any other text."""
        place, claimed = self.folder / ticket, self.folder / f"{ticket}.sent"
        try:
            if not TICKET.fullmatch(ticket):
                raise FileNotFoundError(ticket)
            place.rename(claimed)
            return next(claimed.iterdir())
        except (OSError, StopIteration) as error:
            raise NotFound(
                "this file was fetched already; export it again", "这个文件已经取走了；请重新导出", where="ticket"
            ) from error

    def _forget_old(self) -> None:
        if self.folder.is_dir():
            for place in self.folder.iterdir():
                if place.stat().st_mtime < time.time() - KEPT_S:
                    shutil.rmtree(place, ignore_errors=True)


def add_voice_files(app: "FastAPI", studio: "Studio") -> None:
    """Files of voices in, and out."""
    from fastapi import Request, Response
    from fastapi.responses import FileResponse, JSONResponse
    from starlette.background import BackgroundTask

    from studio.ui.headers import named

    uploads, exports = Uploads(studio.folder.path, "voice-files"), Exports(studio.folder.path)

    @app.post("/voice-files")
    async def receive(request: Request, name: str = "voice") -> Response:
        return JSONResponse({"ok": {"upload": await uploads.keep(name, request.stream())}})

    @app.get("/voice-files/{ticket}")
    def give(ticket: str) -> Response:
        path = exports.claim(ticket)
        headers = {"cache-control": "private, no-store", "content-disposition": named(path.name)}
        gone = BackgroundTask(shutil.rmtree, path.parent, True)
        return FileResponse(path, media_type="application/octet-stream", headers=headers, background=gone)
