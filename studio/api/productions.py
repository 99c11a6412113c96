"""`/v1/productions`: long texts into files, as jobs that can be watched, stopped and fetched.

A production is named by its text and settings: asked for twice, it is the same one. An `Idempotency-Key` besides makes
a repeated request answer as the first did, and refuses the key for another request.
"""

import asyncio
import hashlib
import json
import logging
import shutil
import tempfile
import threading
import time
import urllib.request
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studio.api.refusals import Refused, bad_field
from studio.api.speech import Value, event
from studio.api.state import State, state_of
from studio.studio import Begun, ConvertJob, ConvertRequest, Member, Production
from studio.words import Words

router = APIRouter()
log = logging.getLogger(__name__)
STEP_S = 0.3  # between two looks at a production that is watched
NAMES = {"engine": "model", "voice": "voice", "where": "file"}
HOOK_S = 10.0


class CastMember(BaseModel):
    """Who speaks a part."""

    model_config = ConfigDict(extra="forbid")
    voice: str = Field("", max_length=300)
    model: str = Field("", max_length=100)
    style: str = Field("", max_length=300)
    controls: dict[str, Value] = Field(default_factory=dict)
    pan: float = Field(0, ge=-1, le=1, description="Where they stand: -1 left, 1 right.")
    into: str = Field("", max_length=300, description="A voice in whose timbre the part is said again; empty: none.")
    converter: str = Field("", max_length=100, description="The engine that does so; empty: the first that is ready.")


class ProductionRequest(BaseModel):
    """What is to be made. As JSON with `text`, or as a form with `file` and the same fields."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field("", max_length=20_000_000, description="The manuscript, where no file is sent.")
    model: str = Field("espeak", min_length=1, max_length=100)
    voice: str = Field("", max_length=300)
    style: str = Field("", max_length=300)
    controls: dict[str, Value] = Field(default_factory=dict)
    into: str = Field("", max_length=300, description="A voice in whose timbre it is said again; empty: none.")
    converter: str = Field("", max_length=100, description="The engine that does so; empty: the first that is ready.")
    seed: int = Field(0, ge=0, lt=2**31)
    language: str = Field("auto", max_length=35)
    polish: str = Field("off", max_length=50)
    format: str = Field("m4b", max_length=10)
    title: str = Field("", max_length=300)
    author: str = Field("", max_length=300)
    kind: str = Field("audiobook", max_length=20, description="audiobook, podcast or drama; with `cast`.")
    cast: dict[str, CastMember] | None = Field(
        None,
        description="Speaker -> who speaks it; “” is the narrator. The manuscript becomes a script: its speakers are"
        " found, those that are not named here get a voice that fits, and `format` is one of m4b, mp3, flac, wav, opus,"
        " acx, podcast.",
    )
    channels: Literal["auto", "mono", "stereo"] = Field(
        "auto", description="With `cast`; auto is stereo where somebody stands left or right, and the format allows it."
    )
    webhook: str = Field("", max_length=2000, description="Told at the end; only hosts that the server allows.")


BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": ProductionRequest.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
        },
    }
}


@router.post("/v1/productions", status_code=202, openapi_extra=BODY, summary="Make a file of a long text")
async def begin(request: Request) -> JSONResponse:
    state = state_of(request)
    asked, file, name = await read(request)
    state.engine_of(asked.model)
    check_webhook(asked.webhook, state.settings.webhooks)
    digest = hashlib.sha256(asked.model_dump_json().encode() + b"\0" + file).hexdigest()
    who, key = str(getattr(request.state, "key", "")), request.headers.get("idempotency-key", "")
    if key and (id := state.kept.known(who, key, digest)):
        return JSONResponse(await state.call(row_of, state, id), 202)
    folder = Path(tempfile.mkdtemp(prefix="production-", dir=state.studio.folder.path))
    try:
        source = folder / name
        source.write_bytes(file)
        if asked.cast is not None:
            job: Any = await state.call(casted, state, source, asked, names=NAMES | {str(source): "file", name: "file"})
            return await begun(state, job, asked, who, key, digest)
        wanted = ConvertRequest(
            engine=state.engine_of(asked.model).id, voice=asked.voice, style=asked.style, controls=asked.controls,
            seed=asked.seed, language=asked.language, polish=asked.polish, format=asked.format, title=asked.title,
            author=asked.author, into=asked.into, converter=asked.converter,
        )  # fmt: skip
        job = await state.call(state.studio.convert, source, wanted, names=NAMES | {str(source): "file"})
        await state.call(entered, state, job)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return await begun(state, job, asked, who, key, digest)


def casted(state: State, source: Path, asked: ProductionRequest) -> Any:
    """A production with a cast: its script made and its parts cast before the answer, the rest as a job."""
    desk = state.studio.scripts
    engine = state.engine_of(asked.model).id
    wanted = Begun(
        asked.title, asked.author, asked.kind, engine, asked.voice, asked.style, asked.language, asked.seed, asked.into,
        asked.converter,
    )  # fmt: skip
    made = desk.begin(source, wanted)
    try:
        if asked.polish != "off":
            desk.change_settings(made.id, "sound", {"polish": asked.polish})
        if asked.channels != "auto":
            desk.change_settings(made.id, "sound", {"channels": asked.channels})
        members = [
            Member(
                speaker,
                one.model and state.engine_of(one.model).id,
                one.voice,
                one.style,
                one.controls,
                pan=one.pan,
                into=one.into,
                converter=one.converter,
            )
            for speaker, one in (asked.cast or {}).items()
        ]
        if asked.controls and not any(not member.speaker for member in members):
            narrator = Member("", engine, asked.voice, asked.style, asked.controls)
            members.append(replace(narrator, into=asked.into, converter=asked.converter))
        if members:
            desk.cast(made.id, members)
        return desk.deliver(made.id, asked.format)
    except BaseException:
        desk.delete(made.id)
        raise


async def begun(state: State, job: Any, asked: ProductionRequest, who: str, key: str, digest: str) -> JSONResponse:
    """The answer to a production that was begun."""
    if key:
        state.kept.keep(who, key, digest, job.id)
    if asked.webhook:
        threading.Thread(target=tell, args=(job, asked.webhook), name="webhook", daemon=True).start()
    return JSONResponse(await state.call(row_of, state, job.id), 202)


async def read(request: Request) -> tuple[ProductionRequest, bytes, str]:
    """The fields, the manuscript, and its name, from JSON or from a form."""
    form = request.headers.get("content-type", "").startswith("multipart/")
    try:
        if not form:
            asked = ProductionRequest.model_validate_json(await request.body())
            if not asked.text.strip():
                raise bad_field("text", "is empty; send the manuscript, or a file", "内容为空；请发送文本或文件")
            return asked, asked.text.encode(), "text.md"
        fields = await request.form(max_files=1, max_fields=30)
        upload = fields.get("file")
        if upload is None or isinstance(upload, str):
            raise bad_field("file", "is missing", "缺少文件")
        plain: dict[str, Any] = {name: value for name, value in fields.items() if name != "file"}
        for name in ("controls", "cast"):
            if name in plain:
                plain[name] = json.loads(plain[name])
        asked = ProductionRequest.model_validate(plain)
        suffix = Path(upload.filename or "").suffix.lower()
        known = suffix.lstrip(".") in state_of(request).studio.scripts.suffixes()
        return asked, await upload.read(), f"manuscript{suffix if known else '.txt'}"
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "body"
        raise bad_field(name, first["msg"], first["msg"]) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise bad_field("body", "cannot be read as JSON", "不是有效的 JSON") from error


def entered(state: State, job: ConvertJob) -> None:
    """Wait until the production stands on the shelf (its first act), or has failed."""
    until = time.monotonic() + 10
    while time.monotonic() < until and not job.over:
        if any(one.id == job.id for one in state.studio.productions.find(1, 20)):
            return
        time.sleep(0.02)
    if job.error:
        raise job.error


@router.get("/v1/productions", summary="What is on the shelf")
async def shelf(
    request: Request, page: int = Query(1, ge=1, le=1_000_000), limit: int = Query(50, ge=1, le=200)
) -> dict[str, Any]:
    state = state_of(request)
    found = await state.call(state.studio.productions.find, page, limit)
    return {
        "object": "list",
        "data": [row(state, one) for one in found],
        "total": found.total,
        "page": found.page,
        "pages": found.pages,
    }


@router.get("/v1/productions/{id}", summary="One of them")
async def one(id: str, request: Request) -> dict[str, Any]:
    state = state_of(request)
    return await found_row(state, id)


@router.post("/v1/productions/{id}/cancel", summary="Stop it; what is rendered stays")
async def cancel(id: str, request: Request) -> dict[str, Any]:
    state = state_of(request)
    await found_row(state, id)
    if (job := job_of(state, id)) is not None:
        job.stop()
        await state.call(job.join)
    return await found_row(state, id)


@router.post("/v1/productions/{id}/resume", status_code=202, summary="Go on with it")
async def resume(id: str, request: Request) -> JSONResponse:
    state = state_of(request)
    await found_row(state, id)
    await state.call(go_on, state, id)
    return JSONResponse(await found_row(state, id), 202)


@router.get(
    "/v1/productions/{id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
    summary="Its progress, until it is over",
)
async def events(id: str, request: Request) -> StreamingResponse:
    state = state_of(request)
    await found_row(state, id)

    async def watched() -> AsyncIterator[bytes]:
        before = None
        while True:
            now = await found_row(state, id)
            if now != before:
                yield event({"type": "production.progress", "production": now})
                before = now
            if now["state"] not in ("new", "waiting", "running"):
                yield event({"type": "production.over", "production": now})
                return
            await asyncio.sleep(STEP_S)

    return StreamingResponse(watched(), media_type="text/event-stream", headers={"cache-control": "no-store"})


@router.get(
    "/v1/productions/{id}/result",
    response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {}}}},
    summary="The finished file",
)
async def result(id: str, request: Request) -> Response:
    state = state_of(request)
    found = await found_row(state, id)
    production = await state.call(state.studio.productions.get, id)
    path = Path(production.output or "-")
    if not path.is_file():
        words = Words(
            f"production {id} is {found['state']}: it has no file yet", f"作品 {id} 尚未生成文件（{found['state']}）"
        )
        raise Refused(409, words, code="not_ready")
    return FileResponse(path, filename=path.name)


@router.get(
    "/v1/productions/{id}/subtitles",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}},
    summary="Its subtitles, timed as the finished file is",
)
async def subtitles(
    id: str,
    request: Request,
    format: str = Query("srt", max_length=10, description="srt, vtt, ass, lrc, tsv or json; json has the words"),
    file: int = Query(0, ge=0, le=9999, description="Of several finished files, which one."),
    norms: str = Query("auto", max_length=10, description="Of reading: auto, en, zh, yue, ja, ko."),
) -> Response:
    state = state_of(request)
    found = await found_row(state, id)
    known = await state.call(state.studio.subtitles.files, id)
    if not known:
        words = Words(
            f"production {id} is {found['state']}: it has no finished file yet",
            f"作品 {id} 尚未生成成品（{found['state']}）",
        )
        raise Refused(409, words, code="not_ready")
    text = await state.call(state.studio.subtitles.of_production, id, format, file, norms)
    name = f"{known[file].stem}.{format}"
    kind = "application/json" if format == "json" else "text/vtt" if format == "vtt" else "text/plain"
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(text, media_type=f"{kind}; charset=utf-8", headers={"content-disposition": disposition})


async def found_row(state: State, id: str) -> dict[str, Any]:
    try:
        return await state.call(row_of, state, id)
    except Refused as error:
        if error.code == "not_found":
            error.status = 404
        raise


def job_of(state: State, id: str) -> Any:
    """What works on a production here, or did."""
    return state.studio.scripts.delivery(id) or state.studio.productions.job(id)


def go_on(state: State, id: str) -> None:
    kept = state.studio.productions.get(id)
    if kept.kind == "script":
        state.studio.scripts.deliver(id, str(kept.settings.get("delivery", "m4b")))
    else:
        state.studio.productions.resume(id)


def row_of(state: State, id: str) -> dict[str, Any]:
    return row(state, state.studio.productions.get(id))


def row(state: State, one: Production) -> dict[str, Any]:
    job = job_of(state, one.id)
    running = job is not None and not job.over
    if job is not None and not running:
        one = state.studio.productions.get(one.id)  # as its job left it, which may have ended since `one` was read
    total = one.progress.get("total") or 0
    done = job.progress if running and job else one.progress.get("done", 0) / total if total else 0.0
    return {
        "object": "production",
        "id": one.id,
        "title": one.title,
        "author": one.author,
        "language": one.language,
        "state": "running" if running else one.state,
        "progress": round(1.0 if one.state == "done" and not running else done, 4),
        "seconds_left": round(job.seconds_left, 1) if running and job and job.seconds_left else None,
        "seconds": round(one.progress.get("seconds", 0.0), 3),
        "error": one.error.en if one.error and one.state == "failed" and not running else None,
        "created_at": int(one.created.timestamp()),
        "result": f"/v1/productions/{one.id}/result" if one.state == "done" and not running else None,
    }


# being told about the end


def check_webhook(address: str, allowed: tuple[str, ...]) -> None:
    """Only http(s) to a host that the settings name; anything else could reach into the server's own network."""
    if not address:
        return
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise bad_field("webhook", "not an address", "不是有效的地址") from None
    named = {host, f"{host}:{port}"} if port else {host}
    if parts.scheme not in ("http", "https") or not host or parts.username or not named & set(allowed):
        told = ", ".join(allowed) or "none"
        raise bad_field(
            "webhook",
            f"this host is not allowed (TIMBRE_API_WEBHOOKS: {told})",
            f"不允许这个主机（TIMBRE_API_WEBHOOKS：{told}）",
        )


class _Still(urllib.request.HTTPRedirectHandler):
    """A webhook is not led elsewhere."""

    def redirect_request(self, *given: Any, **more: Any) -> None:
        return None


def tell(job: ConvertJob, address: str) -> None:
    """POST the end of a production to an address that was checked; what goes wrong is logged."""
    job.join()
    error = job.error
    plain = {"type": "production.over", "id": job.id, "state": job.state.value, "error": error and error.text("en")}
    asked = urllib.request.Request(
        address, json.dumps(plain).encode(), {"content-type": "application/json", "user-agent": "timbre-studio"}
    )
    opener = urllib.request.build_opener(_Still, urllib.request.ProxyHandler({}))
    for pause in (0, 2, 8):
        time.sleep(pause)
        try:
            with opener.open(asked, timeout=HOOK_S):
                return
        except OSError as problem:
            log.warning("webhook of %s: %s", job.id, problem)
