"""What there is: models, voices, capabilities; and a voice from a clip."""

from typing import Any, Literal

from fastapi import APIRouter, File, Form, Query, Request, UploadFile

from studio.api.refusals import Refused, bad_field
from studio.api.state import ALIASES, LISTENERS, VOICES, State, state_of
from studio.studio import SENTENCE, USES, Voice, VoiceContent, VoiceKind, VoiceQuery
from studio.words import Words

router = APIRouter()
LARGEST_CLIP = 64 << 20  # bytes
FIELDS = {"name", "audio_sample", "consent", "model", "transcript", "language", "speaker", "uses", "expires"}


@router.get("/v1/models", summary="What can speak and listen")
async def models(request: Request) -> dict[str, Any]:
    state = state_of(request)
    return {"object": "list", "data": await state.call(rows, state)}


@router.get("/v1/models/{id}", summary="One of them")
async def model(id: str, request: Request) -> dict[str, Any]:
    state = state_of(request)
    for row in await state.call(rows, state):
        if row["id"] == id:
            found: dict[str, Any] = row
            return found
    words = Words(f"model “{id[:100]}”: no such model", f"没有模型“{id[:100]}”")
    raise Refused(404, words, code="model_not_found", param="model")


def rows(state: State) -> list[dict[str, Any]]:
    """Engines and recognisers, and the names of OpenAI's that stand for one."""

    def row(id: str, does: str, ready: bool, note: Words | None = None) -> dict[str, Any]:
        about = {"does": does, "ready": ready, "note": note._asdict() if note else None}
        return {"id": id, "object": "model", "created": 0, "owned_by": "timbre-studio", "studio": about}

    speaking = [row(one.id, "speak", one.state == "ready", one.note) for one in state.studio.engines()]
    hearing = [row(one.id, "listen", one.state == "ready", one.note) for one in state.studio.listening.states()]
    listens = any(one["studio"]["ready"] for one in hearing)
    aliases = [row(id, "speak", True) for id in ALIASES] + [row(id, "listen", listens) for id in LISTENERS]
    return [*speaking, *hearing, *aliases]


@router.get("/v1/audio/voices", summary="Find voices")
async def voices(
    request: Request,
    search: str = Query("", max_length=200),
    model: str = Query("", max_length=100, description="Only voices of this engine."),
    language: str = Query("", max_length=35),
    tag: list[str] = Query([], max_length=20),  # noqa: B008  # FastAPI's way
    kind: Literal["", "builtin", "seed", "embedding", "clip", "blend"] = Query(""),
    page: int = Query(1, ge=1, le=1_000_000),
    limit: int = Query(50, ge=1, le=200),
) -> dict[str, Any]:
    state = state_of(request)
    query = VoiceQuery(text=search, engine=model, language=language, tags=tuple(tag), kind=kind, page=page, size=limit)
    found = await state.call(state.studio.voices.find, query, names={"text": "search", "tags": "tag"})
    builtin: list[dict[str, Any]] = []
    if page == 1 and not (search or language or tag or kind):
        builtin = await state.call(brought, state, model)
    return {
        "object": "list",
        "data": [voice_row(voice) for voice in found],
        "builtin": builtin,
        "total": found.total,
        "page": found.page,
        "pages": found.pages,
        "has_more": found.page < found.pages,
    }


@router.post("/v1/audio/voices", status_code=200, summary="A voice from a clip, with the speaker's consent")
async def create_voice(
    request: Request,
    name: str = Form(min_length=1, max_length=200),
    audio_sample: UploadFile = File(description="What the person says; 3 to 30 s are best."),  # noqa: B008
    consent: str = Form("", max_length=1000, description=f"Exactly: {SENTENCE.en}"),
    model: str = Form("chattts", max_length=100),
    transcript: str = Form("", max_length=2000, description="What is said in the clip."),
    language: str = Form("", max_length=35),
    speaker: str = Form("", max_length=200, description="Whose voice it is; default: its name."),
    uses: str = Form("personal", max_length=200, description=f"What they agreed to, of {', '.join(USES)}; by commas."),
    expires: str = Form("", max_length=10, description="The last day of the consent, as 2027-12-31; empty: for good."),
) -> dict[str, Any]:
    state = state_of(request)
    for field in await request.form():
        if field not in FIELDS:
            raise bad_field(field, "no such field here", "没有这个字段")
    if consent.strip() not in SENTENCE:
        raise bad_field(
            "consent",
            f"a voice is only made with it; send exactly: {SENTENCE.en}",
            f"没有同意声明不能创建音色；请原样填写：{SENTENCE.zh}",
        )
    spec = state.engine_of(model)
    clip = await audio_sample.read(LARGEST_CLIP + 1)
    if len(clip) > LARGEST_CLIP:
        raise bad_field("audio_sample", f"larger than {LARGEST_CLIP >> 20} MB", f"超过 {LARGEST_CLIP >> 20} MB")
    content = VoiceContent(VoiceKind.CLIP, clip=clip, transcript=transcript.strip())

    def keep() -> Voice:
        cloning = state.studio.cloning
        state.studio.keeping.check_clip(spec.id, content)
        agreed = [use.strip() for use in uses.split(",") if use.strip()]
        rights = cloning.record(speaker or name, agreed, expires, sentence=consent.strip())
        return cloning.keep(spec.id, content, name, rights, source=audio_sample.filename or "", language=language)

    async with state.turns.turn():
        return voice_row(await state.call(keep, names={"clip": "audio_sample", "voice.clip": "audio_sample"}))


@router.get("/v1/capabilities", summary="Engines with their controls and ranges, marks, formats")
async def capabilities(request: Request) -> dict[str, Any]:
    state = state_of(request)
    return await state.call(told, state)


def told(state: State) -> dict[str, Any]:
    studio = state.studio
    return {
        "engines": [one.to_json() for one in studio.engines()],
        "recognisers": [
            {"id": one.id, "state": one.state, "languages": list(one.spec.languages) if one.spec else []}
            for one in studio.listening.states()
        ],
        "marks": [{"name": mark.name, "syntax": mark.syntax, "help": mark.help._asdict()} for mark in studio.marks()],
        "steps": [{"name": step.id, "default": step.default, "help": step.help._asdict()} for step in studio.steps()],
        "speech_formats": studio.stream_formats(),
        "file_formats": [one.id for one in studio.formats()],
        "transcript_formats": list(studio.listening.formats()),
        "polish": [preset.id for preset in studio.polish_presets()],
        "openai_voices": list(VOICES),
        "limits": {"characters": state.settings.characters, "upload_mb": state.settings.upload_mb},
    }


def brought(state: State, model: str) -> list[dict[str, Any]]:
    """The voices that engines bring along."""
    ready = [one.id for one in state.studio.engines() if one.state == "ready" and model in ("", one.id)]
    return [
        {
            "id": voice.name,
            "name": voice.label.en,
            "model": id,
            "languages": list(voice.languages),
            "gender": voice.gender,
        }
        for id in ready
        for voice in state.studio.builtin_voices(id)
    ]


def voice_row(voice: Voice) -> dict[str, Any]:
    return {
        "object": "audio.voice",
        "id": voice.id,
        "name": voice.name,
        "created_at": int(voice.created.timestamp()),
        "model": voice.engine,
        "kind": voice.kind,
        "languages": list(voice.languages),
        "gender": voice.gender,
        "tags": list(voice.tags),
        "rating": voice.rating,
        "description": voice.description,
        "emotion": voice.emotion,
    }
