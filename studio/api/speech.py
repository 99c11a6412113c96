"""`POST /v1/audio/speech`: text in, sound out while it is still being made."""

import base64
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr
from starlette.concurrency import run_in_threadpool

from studio.api.refusals import bad_field, refused, unsupported
from studio.api.state import State, state_of
from studio.errors import StudioError
from studio.studio import EngineSpec, Performance, SpeakRequest

router = APIRouter()
Value = StrictBool | StrictInt | StrictFloat | StrictStr
Name = Annotated[str, Field(min_length=1, max_length=300)]
NAMES = {"text": "input", "voice": "voice", "engine": "model", "language": "studio.language", "style": "studio.style"}
NAMES |= {"into": "studio.into", "converter": "studio.converter"}


class VoiceId(BaseModel):
    """A voice of the library by its id."""

    model_config = ConfigDict(extra="forbid")
    id: Name


class Extensions(BaseModel):
    """What the studio can do besides; ranges of `controls` are in `/v1/capabilities`."""

    model_config = ConfigDict(extra="forbid")
    style: str = Field(default="", max_length=300, description="A named set of control values.")
    seed: int = Field(default=0, ge=0, lt=2**31, description="Of everything random in the reading.")
    language: str = Field(default="auto", max_length=35, description="BCP 47 of the text.")
    controls: dict[str, Value] = Field(default_factory=dict, description="Controls of the engine.")
    marks: bool = Field(default=True, description="Whether [pause 300ms] and its kin are marks or words.")
    steps: dict[str, bool | str] = Field(default_factory=dict, description="Steps of normalisation.")
    polish: str = Field(
        default="off", max_length=50, description="A preset of polish; the sound then comes when it is whole."
    )
    into: str = Field(default="", max_length=300, description="A voice in whose timbre it is said again; empty: none.")
    converter: str = Field(
        default="", max_length=100, description="The engine that does so; empty: the first that is ready."
    )
    timestamps: bool = Field(default=False, description="Word times as events; needs stream_format sse.")


class SpeechRequest(BaseModel):
    """The body of `POST /v1/audio/speech`."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"model": "espeak", "input": "Hello!", "voice": "alloy"}]}
    )
    model: Name = Field(description="An engine: see /v1/models. OpenAI's names stand for the best that is installed.")
    input: str = Field(min_length=1, description="The text; its longest length is a setting, 4,096 by default.")
    voice: Name | VoiceId = Field(
        description="A voice of the library, `seed:2222`, one of the engine or of OpenAI, `default`."
    )
    instructions: str = Field("", max_length=4096, description="How to speak; 400 for an engine that takes none.")
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: float = Field(1.0, ge=0.25, le=4.0, allow_inf_nan=False)
    stream_format: Literal["audio", "sse"] = "audio"
    studio: Extensions = Extensions()


SOUND = {"content": {mime: {"schema": {"type": "string", "format": "binary"}} for mime in (
    "audio/mpeg", "audio/ogg", "audio/aac", "audio/flac", "audio/wav", "audio/pcm", "text/event-stream",
)}, "description": "The sound, or events with stream_format sse."}  # fmt: skip


@router.post("/v1/audio/speech", response_class=Response, responses={200: SOUND}, summary="Speak a text")
async def speak(asked: SpeechRequest, request: Request) -> Response:
    state = state_of(request)
    spec = state.engine_of(asked.model)
    wanted, tempo = speak_request(asked, spec, state)
    await state.turns.take()
    over = Over(state)
    try:
        performance = over.performance = await state.call(state.studio.speak, wanted, names=NAMES)
        pieces = state.studio.stream(performance, asked.response_format, tempo)
        first = await state.call(next, pieces, b"", names=NAMES)  # what is wrong is told before the answer begins
        state.metrics.first.observe(time.monotonic() - over.began)
        sound = _sound(over, performance, pieces, first)
        told = {"x-synthetic": "true", "x-recipe": performance.plan.digest, "cache-control": "no-store"}
        if cautions := performance.plan.direction.warnings:
            told["x-caution"] = quote(" ".join(note.note.en for note in cautions), safe=" ();,.")
        if asked.stream_format == "sse":
            return Spoken(over, events(state, sound, performance, asked, tempo), "text/event-stream", told)
        return Spoken(over, sound, state.studio.stream_formats()[asked.response_format], told)
    except BaseException:
        over.end()
        raise


class Over:
    """The end of one request, however it comes: the work is stopped and the turn given back, once."""

    def __init__(self, state: State) -> None:
        self.state, self.began = state, time.monotonic()
        self.performance: Performance | None = None
        self._ended = False

    def end(self) -> None:
        if not self._ended:
            self._ended = True
            if self.performance is not None:
                self.performance.stop()
            self.state.turns.give()


class Spoken(StreamingResponse):
    """An answer that ends its request also when the client leaves before the first piece is asked for."""

    def __init__(self, over: Over, body: AsyncIterator[bytes], mime: str, headers: dict[str, str]) -> None:
        super().__init__(body, media_type=mime, headers=headers)
        self._request = over

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._request.end()


def speak_request(asked: SpeechRequest, spec: EngineSpec, state: State) -> tuple[SpeakRequest, float]:
    """The request in the studio's words, and how much quicker its sound has to be made afterwards."""
    if len(asked.input) > state.settings.characters:
        most = state.settings.characters
        raise bad_field(
            "input", f"{len(asked.input)} characters; at most {most}", f"{len(asked.input)} 个字符；最多 {most} 个"
        )
    if asked.instructions.strip() and not any(control.name == "instruct" for control in spec.controls):
        raise unsupported(
            "instructions",
            f"{spec.id} takes no instructions; use studio.style or studio.controls",
            f"{spec.id} 不支持指令文本；请使用 studio.style 或 studio.controls",
        )
    more = asked.studio
    if more.timestamps and asked.stream_format != "sse":
        raise unsupported(
            "studio.timestamps",
            "word times come as events: set stream_format to sse",
            "词时间通过事件返回：请将 stream_format 设为 sse",
        )
    controls = dict(more.controls)
    if asked.instructions.strip():
        controls["instruct"] = asked.instructions.strip()
    speed, tempo = own_speed(asked.speed, spec, controls)
    voice = asked.voice.id if isinstance(asked.voice, VoiceId) else state.voice_ref(asked.voice, spec)
    return (
        SpeakRequest(
            text=asked.input if more.marks else asked.input.replace("\\", "\\\\").replace("[", "\\["),
            engine=spec.id,
            voice=voice,
            style=more.style,
            controls=controls | speed,
            seed=more.seed,
            language=more.language,
            steps=more.steps or None,
            polish=more.polish,
            into=more.into,
            converter=more.converter,
        ),
        tempo,
    )


def own_speed(speed: float, spec: EngineSpec, controls: dict[str, Any]) -> tuple[dict[str, float], float]:
    """What the engine itself does of a speed, by its control; and what is left to be done to the sound."""
    own = next((c for c in spec.controls if c.name == "speed" and c.kind == "number" and c.default == 1.0), None)
    if speed == 1.0:
        return {}, 1.0
    if own is None:
        return {}, speed
    if "speed" in controls:
        raise bad_field(
            "speed", "is given here and in studio.controls; give one", "与 studio.controls 中的重复；请只保留一个"
        )
    done = min(max(speed, own.low), own.high)
    return {"speed": done}, round(speed / done, 6)


async def _sound(over: Over, performance: Performance, pieces: Iterator[bytes], first: bytes) -> AsyncIterator[bytes]:
    """The pieces as they come."""
    try:
        piece = first
        while piece:
            yield piece
            piece = await run_in_threadpool(next, pieces, b"")
        take = await run_in_threadpool(performance.wait)
    except StudioError as error:  # the answer has begun: it can only break off
        raise refused(error) from error
    took = time.monotonic() - over.began
    known = take.created.timestamp() < time.time() - took - 0.001
    over.state.metrics.spoken(take.seconds, took, known)


async def events(
    state: State, sound: AsyncIterator[bytes], performance: Performance, asked: SpeechRequest, tempo: float
) -> AsyncIterator[bytes]:
    """The sound as server-sent events, as OpenAI's are; word times where they were asked for."""
    async for piece in sound:
        yield event({"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()})
    if asked.studio.timestamps:
        words = await run_in_threadpool(_words, state, performance, tempo)
        yield event({"type": "studio.words", "words": words})
    seconds = performance.seconds_ready / tempo
    usage = {"input_tokens": len(asked.input), "output_tokens": round(seconds * 25)}
    yield event({"type": "speech.audio.done", "usage": usage | {"total_tokens": sum(usage.values())}})


def _words(state: State, performance: Performance, tempo: float) -> list[dict[str, Any]]:
    """The words of a finished performance with their times in the sound that was given out."""
    words = state.studio.takes.details(performance.wait().digest).words
    return [{"text": t, "start": round(start / tempo, 4), "end": round(end / tempo, 4)} for t, start, end in words]


def event(plain: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(plain, ensure_ascii=False)}\n\n".encode()
