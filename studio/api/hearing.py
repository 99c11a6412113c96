"""`POST /v1/audio/transcriptions`: sound in, text out, where a recogniser is installed."""

import asyncio
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from studio.api.refusals import Refused, bad_field, unsupported
from studio.api.state import LISTENERS, State, state_of
from studio.studio import Listening, Transcript
from studio.words import Words

router = APIRouter()
FIELDS = {
    "file", "model", "language", "prompt", "response_format", "temperature", "timestamp_granularities[]",
    "timestamp_granularities", "stream",
}  # fmt: skip
STEP_S = 0.02  # between two looks at a recording that is listened to
Form_ = Literal["json", "text", "srt", "verbose_json", "vtt"]
TEXT = {"content": {"application/json": {}, "text/plain": {}}, "description": "The transcript."}


@router.post(
    "/v1/audio/transcriptions", response_class=Response, responses={200: TEXT}, summary="Write down what is said"
)
async def transcribe(
    request: Request,
    file: UploadFile = File(description="Sound or video of any format."),  # noqa: B008  # FastAPI's way
    model: str = Form(min_length=1, max_length=100),
    language: str = Form("auto", max_length=35, description="ISO 639-1; found out if it is not given."),
    prompt: str = Form("", max_length=4096, description="400 unless empty: recognisers here take none."),
    response_format: Form_ = Form("json"),  # noqa: B008
    temperature: float = Form(0.0, ge=0, le=1, description="400 unless 0: nothing is drawn."),
    stream: bool = Form(False, description="400 unless false."),
) -> Response:
    state = state_of(request)
    form = await request.form()
    for name in form:
        if name not in FIELDS:
            raise bad_field(name, "no such field here", "没有这个字段")
    given = [str(v) for key in ("timestamp_granularities[]", "timestamp_granularities") for v in form.getlist(key)]
    if wrong := [one for one in given if one not in ("word", "segment")]:
        raise bad_field(
            "timestamp_granularities", f"“{wrong[0]}”: takes word, segment", f"“{wrong[0]}”：可选 word、segment"
        )
    if given and response_format != "verbose_json":
        raise unsupported(
            "timestamp_granularities", "needs response_format verbose_json", "需要 response_format 为 verbose_json"
        )
    for name, used in {"prompt": prompt.strip(), "temperature": temperature, "stream": stream}.items():
        if used:
            raise unsupported(name, "recognisers here take none; leave it out", "这里的识别器不支持；请不要填写")
    recogniser = listener(state, model)
    folder = Path(tempfile.mkdtemp(prefix="heard-", dir=state.studio.folder.path))
    path = folder / "recording"
    try:
        async with state.turns.turn():
            await state.call(kept, file, path)
            how, name = Listening(language), file.filename or "recording"
            begin = partial(state.studio.listening.transcribe, path, how, recogniser, name)
            job = await state.call(begin, names={str(path): "file", "recogniser": "model"})
            try:
                while not job.over and not await request.is_disconnected():  # who has left is not listened for
                    await asyncio.sleep(STEP_S)
            finally:
                job.stop()
            found = await state.call(job.wait, names={str(path): "file"})
    except Refused as error:  # a person's file has a name of its own
        error.words = Words(*(text.replace(str(path), file.filename or "file") for text in error.words))
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return written(state, found, response_format, given or ["segment"])


def listener(state: State, model: str) -> str:
    """The recogniser that a `model` names. 404 for none, 503 where it is not installed."""
    states = {one.id: one for one in state.studio.listening.states()}
    if model in LISTENERS:
        ready = [id for id, one in states.items() if one.state == "ready"]
        model = (ready or list(states))[0]
    if model not in states:
        known = [*states, *LISTENERS]
        words = Words(f"model “{model}”: there is {', '.join(known)}", f"模型“{model}”：可选 {'、'.join(known)}")
        raise Refused(404, words, code="model_not_found", param="model")
    if states[model].state != "ready":
        raise Refused(503, states[model].note or Words(model, model), code="not_installed", param="model")
    return model


def written(state: State, found: Transcript, format: str, granularities: list[str]) -> Response:
    if format == "json":
        return JSONResponse({"text": found.text})
    if format == "verbose_json":
        return JSONResponse(verbose(found, granularities))
    text = state.studio.listening.text(found, "txt" if format == "text" else format)
    return PlainTextResponse(text)


def verbose(found: Transcript, granularities: list[str]) -> dict[str, Any]:
    """OpenAI's shape; what only the studio knows stands under `studio` of each segment."""
    plain: dict[str, Any] = {
        "task": "transcribe", "language": found.language, "duration": round(found.seconds, 3), "text": found.text,
    }  # fmt: skip
    if "segment" in granularities:
        plain["segments"] = [
            {
                "id": n,
                "start": round(one.start, 3),
                "end": round(one.end, 3),
                "text": one.text,
                "studio": {
                    key: value
                    for key, value in one.to_json().items()
                    if key in ("language", "languages", "emotion", "emotions", "event", "events", "confidence")
                },
            }
            for n, one in enumerate(found.segments)
        ]
    if "word" in granularities:
        plain["words"] = [
            {"word": word.text, "start": round(word.start, 3), "end": round(word.end, 3)}
            for one in found.segments
            for word in one.words
        ]
    return plain


def kept(file: UploadFile, path: Path) -> None:
    with path.open("wb") as target:
        shutil.copyfileobj(file.file, target, 1 << 20)
