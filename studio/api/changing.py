"""`POST /v1/audio/conversions`: a recording in, the same words in another voice out."""

import asyncio
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import Literal

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from studio.api.hearing import STEP_S, kept
from studio.api.refusals import Refused, bad_field
from studio.api.speech import SOUND
from studio.api.state import State, state_of
from studio.words import Words

router = APIRouter()
FIELDS = {"file", "model", "voice", "response_format"}


@router.post(
    "/v1/audio/conversions", response_class=Response, responses={200: SOUND}, summary="A recording in another voice"
)
async def convert(
    request: Request,
    file: UploadFile = File(description="Speech, as sound or video of any format."),  # noqa: B008  # FastAPI's way
    voice: str = Form(min_length=1, max_length=300, description="A voice of the library by name or id, or `default`."),
    model: str = Form("", max_length=100, description="The engine that converts; empty: the first that is installed."),
    response_format: Literal["mp3", "opus", "flac", "wav"] = Form("mp3"),
) -> Response:
    state = state_of(request)
    for name in await request.form():
        if name not in FIELDS:
            raise bad_field(name, "no such field here", "没有这个字段")
    engine = await state.call(_engine, state, model)
    ref = "" if voice == "default" else voice
    await state.call(state.studio.changing.permit, engine, ref)
    folder = Path(tempfile.mkdtemp(prefix="converted-", dir=state.studio.folder.path))
    path, told = folder / "recording", file.filename or "recording"
    try:
        async with state.turns.turn():
            await state.call(kept, file, path)
            names = {str(path): "file", "recording": "file", "engine": "model"}
            job = await state.call(partial(state.studio.changing.recording, path, engine, ref, name=told), names=names)
            try:
                while not job.over and not await request.is_disconnected():  # nobody waits for who has left
                    await asyncio.sleep(STEP_S)
            finally:
                job.stop()
            take = await state.call(job.wait, names=names)
        data = await state.call(state.studio.take_bytes, take.digest, response_format)
    except Refused as error:  # a person's file has a name of its own
        error.words = Words(*(text.replace(str(path), told) for text in error.words))
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    mime = state.studio.stream_formats()[response_format]
    return Response(data, media_type=mime, headers={"x-synthetic": "true", "x-recipe": take.digest})


def _engine(state: State, model: str) -> str:
    """The engine that converts. 404 for none, 503 where it is not installed, 400 for one that cannot."""
    able = {one.id for one in state.studio.changing.engines()}
    if not model:
        return state.studio.changing.engine()
    if (spec := state.engine_of(model)).id not in able:
        known = ", ".join(sorted(able))
        raise bad_field(
            "model", f"{spec.id} changes no voices; these do: {known}", f"{spec.id} 不能转换音色；可选 {known}"
        )
    return spec.id
