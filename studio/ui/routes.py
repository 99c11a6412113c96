"""Our own routes: live sound, takes in any format, pictures of their loudness, dropped texts, static files.

Everything else is Gradio's. The guard and the login stand before all of them; here, unknown names are refused.
"""

import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import BadRequest, NotFound, StudioError
from studio.ui import theme
from studio.ui.batch_routes import add_batches
from studio.ui.exports import add_voice_files
from studio.ui.headers import KEEP, named
from studio.ui.page import ASSETS, STATIC, edition
from studio.ui.reader import complaint, language_of
from studio.ui.uploads import Uploads

if TYPE_CHECKING:
    from fastapi import FastAPI, Response

    from studio.studio import Performance, Studio

KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
STATUS = {
    "not_found": 404, "not_permitted": 403, "not_installed": 409, "in_use": 409, "disk_full": 507, "storage": 500,
    "engine_failed": 500,
}  # fmt: skip
PEAKS = 800  # of a picture
TEXT = "text/plain; charset=utf-8"


def add_routes(app: "FastAPI", studio: "Studio") -> None:
    """All of them."""
    add_errors(app)
    close_schema(app)
    add_static(app)
    add_sound(app, studio)
    add_files(app, studio)
    add_voice_files(app, studio)
    add_batches(app, studio)


def add_errors(app: "FastAPI") -> None:
    """An error of ours as JSON in the reader's language, with a status that fits."""
    from fastapi import Request
    from fastapi.responses import JSONResponse

    @app.exception_handler(StudioError)
    async def refuse(request: Request, error: StudioError) -> JSONResponse:
        status = STATUS.get(error.code, 400 if isinstance(error, BadRequest) else 500)
        return JSONResponse({"error": complaint(error, language_of(request))}, status)


def close_schema(app: "FastAPI") -> None:
    """Gradio describes its events under this address whatever it is told; ours are private."""
    from fastapi import Response

    @app.get("/gradio_api/openapi.json")
    def nothing() -> Response:
        return Response(status_code=404)


def add_static(app: "FastAPI") -> None:
    """Scripts, styles and the icon, under a name that changes with their content, so browsers keep them for good."""
    from fastapi import Response

    files = {f.name: f for f in [*STATIC.glob("*.js"), *ASSETS.glob("*.css"), *ASSETS.glob("*.svg")]}

    @app.get("/ui/{named}/{name}")
    def static(named: str, name: str) -> Response:
        keep = {"cache-control": "private, max-age=31536000, immutable" if named == edition() else "no-store"}
        if name == "palette.css":
            return Response(theme.css_variables(), media_type="text/css", headers=keep)
        if name not in files:
            return Response(status_code=404)
        return Response(files[name].read_bytes(), media_type=KINDS[files[name].suffix], headers=keep)


def add_sound(app: "FastAPI", studio: "Studio") -> None:
    """Performances while they are spoken, and takes as a player wants them."""
    from fastapi import Request, Response
    from fastapi.responses import FileResponse, JSONResponse, StreamingResponse

    @app.get("/stream/{id}.pcm")
    def stream(id: str) -> Response:
        performance = studio.performance(id)
        headers = {"x-sample-rate": str(performance.rate), "cache-control": "no-store"}
        return StreamingResponse(sound_of(performance), media_type="application/octet-stream", headers=headers)

    @app.get("/takes/{digest}/peaks.json")
    def peaks(digest: str) -> Response:
        return JSONResponse({"peaks": peaks_of(studio, digest)}, headers=KEEP)

    @app.get("/takes/{digest}.{ending}")
    def sound(digest: str, ending: str, request: Request) -> Response:
        take = studio.takes.get(whole_digest(digest))
        if ending == "flac" and "download" not in request.query_params:
            return FileResponse(studio.cache.path(take.digest), media_type="audio/flac", headers=KEEP)
        return exported(studio, take.digest, ending)


def sound_kind(data: bytes) -> str:
    """The media type of a clip, by how it begins; a browser plays nothing that is called otherwise."""
    begins = {b"fLaC": "flac", b"RIFF": "wav", b"OggS": "ogg", b"\x1aE\xdf\xa3": "webm", b"ID3": "mpeg"}
    if data[4:8] == b"ftyp":
        return "audio/mp4"
    return next((f"audio/{kind}" for start, kind in begins.items() if data.startswith(start)), "audio/mpeg")


def sound_of(performance: "Performance") -> Iterator[bytes]:
    """The sound as it is made. A stopped or failed one just ends: the page asks for the reason elsewhere."""
    try:
        yield from performance.pcm()
    except StudioError:
        return


def whole_digest(digest: str) -> str:
    """Only a whole digest names a take here; a beginning could be guessed, and anything else is no take."""
    if len(digest) == 64 and all(c in "0123456789abcdef" for c in digest):
        return digest
    raise NotFound(f"take “{digest[:20]}”: no such take", f"版本“{digest[:20]}”不存在", where="digest")


def peaks_of(studio: "Studio", digest: str) -> list[float]:
    """Loudest value of each of at most 800 stretches, 0..1."""
    import numpy as np

    samples = np.abs(studio.cache.load(whole_digest(digest)).samples)
    edges = np.linspace(0, len(samples), min(PEAKS, len(samples)) + 1).astype(int)[:-1]
    return [round(float(level), 3) for level in np.maximum.reduceat(samples, edges)] if len(samples) else []


def exported(studio: "Studio", digest: str, ending: str) -> "Response":
    """A take as a file of that format with its provenance, written beside and removed once it is sent."""
    import shutil
    import tempfile

    from fastapi.responses import FileResponse
    from starlette.background import BackgroundTask

    kind = next((f for f in studio.formats() if ending in (f.id, f.extension.lstrip("."))), None)
    if kind is None:
        known = [f.id for f in studio.formats()]
        raise NotFound(
            f"format “{ending}”: there is {', '.join(known)}",
            f"格式“{ending}”：可选 {'、'.join(known)}",
            where="format",
        )
    folder = Path(tempfile.mkdtemp(prefix="export-", dir=studio.folder.path))
    path = folder / f"take{kind.extension}"
    try:
        studio.export_take(digest, path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    headers = KEEP | {"content-disposition": named(file_name(studio, digest) + kind.extension)}
    return FileResponse(
        path, media_type=kind.mime, headers=headers, background=BackgroundTask(shutil.rmtree, folder, True)
    )


def packed(studio: "Studio", id: str) -> "Response":
    """A production as one file, written beside and removed once it is sent."""
    import shutil
    import tempfile

    from fastapi.responses import FileResponse
    from starlette.background import BackgroundTask

    title = studio.scripts.get(id).title
    folder = Path(tempfile.mkdtemp(prefix="pack-", dir=studio.folder.path))
    try:
        studio.scripts.pack(id, folder / "production.zip")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    headers = KEEP | {"content-disposition": named(f"{title}.zip")}
    return FileResponse(
        folder / "production.zip", headers=headers, background=BackgroundTask(shutil.rmtree, folder, True)
    )


def file_name(studio: "Studio", digest: str) -> str:
    """What a downloaded take is called: how its text begins, and its voice."""
    take = studio.takes.get(digest)
    words = "".join(c if c.isalnum() or c in "-_ " else " " for c in f"{take.excerpt[:30]} {take.voice_label[:20]}")
    return "-".join(words.split()) or digest[:12]


def add_files(app: "FastAPI", studio: "Studio") -> None:
    """Texts in, productions out."""
    from fastapi import Request, Response
    from fastapi.responses import FileResponse, JSONResponse

    uploads, recordings = Uploads(studio.folder.path), Uploads(studio.folder.path, "recordings")

    @app.post("/manuscripts")
    async def receive(request: Request, name: str = "text.txt") -> Response:
        return JSONResponse({"ok": {"upload": await uploads.keep(name, request.stream())}})

    @app.post("/recordings")
    async def record(request: Request, name: str = "recording") -> Response:
        return JSONResponse({"ok": {"upload": await recordings.keep(name, request.stream())}})

    @app.get("/recordings/{ticket}")
    def recording(ticket: str) -> Response:
        path = recordings.path(ticket)
        kind = mimetypes.guess_type(path.name)[0] or ""
        sound = kind if kind.startswith(("audio/", "video/")) else "application/octet-stream"
        return FileResponse(path, media_type=sound, headers=KEEP)

    @app.get("/voices/{id}/clips/{reference}")
    def clip(id: str, reference: str) -> Response:
        data = studio.cloning.clip(id, "" if reference == "own" else reference)
        return Response(data, media_type=sound_kind(data), headers=KEEP)

    @app.get("/transcripts/{id}.{format}")
    def transcript(id: str, format: str) -> Response:
        job = studio.listening.transcription(id)
        text = studio.listening.text(job.transcript(), format)
        name = f"{Path(job.title).stem}{'.rich.txt' if format == 'rich' else '.' + format}"
        return Response(text, media_type=TEXT, headers=KEEP | {"content-disposition": named(name)})

    @app.get("/scripts/{id}/files/{name}")
    def master(id: str, name: str) -> Response:
        path = studio.scripts.exported_file(id, name)
        return FileResponse(path, headers=KEEP | {"content-disposition": named(path.name)})

    @app.get("/dubs/{id}/files/{name}")
    def dubbed(id: str, name: str) -> Response:
        path = studio.dubbing.file(id, name)
        return FileResponse(path, headers=KEEP | {"content-disposition": named(path.name)})

    @app.get("/dubs/{id}/report.csv")
    def fits(id: str) -> Response:
        disposition = {"content-disposition": named(f"{studio.dubbing.get(id).title}.csv")}
        return Response(studio.dubbing.report_csv(id), media_type="text/csv; charset=utf-8", headers=KEEP | disposition)

    @app.get("/productions/{id}/subtitles/{file}.{format}")
    def captions(id: str, file: int, format: str) -> Response:
        text = studio.subtitles.of_production(id, format, file)
        name = f"{studio.subtitles.files(id)[file].stem}.{format}"
        return Response(text, media_type=TEXT, headers=KEEP | {"content-disposition": named(name)})

    @app.get("/takes/{digest}/subtitles.{format}")
    def words(digest: str, format: str) -> Response:
        text = studio.subtitles.of_take(whole_digest(digest), format)
        name = f"{file_name(studio, digest)}.{format}"
        return Response(text, media_type=TEXT, headers=KEEP | {"content-disposition": named(name)})

    @app.get("/scripts/{id}/lexicon.csv")
    def lexicon(id: str) -> Response:
        studio.scripts.get(id)
        disposition = {"content-disposition": named("lexicon.csv")}
        return Response(
            studio.scripts.export_words(id), media_type="text/csv; charset=utf-8", headers=KEEP | disposition
        )

    @app.get("/scripts/{id}/report.html")
    def report(id: str, request: Request) -> Response:
        return Response(
            studio.scripts.report(id, language_of(request)), media_type="text/html; charset=utf-8", headers=KEEP
        )

    @app.get("/scripts/{id}/pack.zip")
    def pack(id: str) -> Response:
        return packed(studio, id)

    @app.get("/productions/{id}/file")
    def finished(id: str) -> Response:
        path = Path(studio.productions.get(id).output)
        if not path.is_file():
            raise NotFound(
                "this production has no file yet; resume it, or start it again",
                "这个作品还没有生成文件；请继续或重新制作",
                where="id",
            )
        return FileResponse(path, headers=KEEP | {"content-disposition": named(path.name)})
