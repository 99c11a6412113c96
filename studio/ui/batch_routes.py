"""Routes of batches: finished files, all of them as one archive, reports."""

from typing import TYPE_CHECKING

from studio.ui.headers import KEEP, named
from studio.ui.reader import language_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from studio.studio import Studio

KINDS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def add_batches(app: "FastAPI", studio: "Studio") -> None:
    """All of them; what is not of a batch of ours is not found."""
    from fastapi import Request, Response
    from fastapi.responses import FileResponse, StreamingResponse

    @app.get("/batches/{id}/files/{number}")
    def file(id: str, number: int, request: Request) -> Response:
        path = studio.batches.file(id, number)
        kind = next((one.mime for one in studio.formats() if path.suffix.lower() in one.extensions), None)
        headers = KEEP | ({"content-disposition": named(path.name)} if "download" in request.query_params else {})
        return FileResponse(path, media_type=kind or "application/octet-stream", headers=headers)

    @app.get("/batches/{id}/all.zip")
    def everything(id: str, request: Request) -> Response:
        title = studio.batches.record(id).title
        pieces = studio.batches.archive(id, language_of(request))
        return StreamingResponse(
            pieces, media_type="application/zip", headers=KEEP | {"content-disposition": named(f"{title}.zip")}
        )

    @app.get("/batches/{id}/report.{format}")
    def report(id: str, format: str, request: Request) -> Response:
        text = studio.batches.report(id, format, language_of(request))
        name = f"{studio.batches.record(id).title}-report.{format}"
        return Response(text.encode(), media_type=KINDS[format], headers=KEEP | {"content-disposition": named(name)})
