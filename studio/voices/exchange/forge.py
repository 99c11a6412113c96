"""`.spkv1.json` of Speech-AI-Forge: one speaker with vectors for several engines, reference clips and advice.

Everything in it is `{"_type", "data"}`; clips are WAV files or bare 16-bit samples, vectors bare float32, in base64.
"""

import base64
import binascii
import io
import wave
from collections.abc import Mapping
from typing import Any

import numpy as np

from studio.library import NewVoice
from studio.library.voice import LONGEST_TAG, LONGEST_TEXT
from studio.text.declarations import EMOTIONS
from studio.voices.exchange.bounded import wrong
from studio.voices.exchange.carried import (
    CHATTTS,
    CHATTTS_SIZE,
    Carried,
    FurtherClip,
    clip_content,
    embedding,
    gender_of,
    numbers_of,
    origin_of,
    short,
    tags_of,
)
from studio.voices.exchange.chattts import LANGUAGES, stem_of
from studio.voices.exchange.own import Outgoing, written
from studio.words import Words, counted

RATES = (8_000, 192_000)
ADVICE = {  # control of ChatTTS -> what the file calls it
    "temperature": "tempature", "top_p": "top_p", "top_k": "top_k", "repetition_penalty": "repetition_penalty",
    "max_tokens": "max_tokens",
}  # fmt: skip
TONGUES = {"zh": "zh", "zh-cn": "zh", "en": "en", "ja": "ja", "jp": "ja", "ko": "ko", "yue": "yue"}
_SAMPLES = Words("its preview recordings stay behind", "其中的试听录音未导入")
_OTHERS = Words("its vectors for other engines stay behind", "其中用于其他引擎的向量未导入")


def is_forge(plain: Any) -> bool:
    return isinstance(plain, dict) and plain.get("_type") == "DcSpk" and isinstance(plain.get("data"), dict)


def read_forge(plain: Mapping[str, Any], name: str) -> list[Carried]:
    """The vector for ChatTTS as one voice, the reference clips as one that any cloning engine speaks."""
    data = plain["data"]
    meta = _inner(data.get("meta"))
    facts: dict[str, Any] = {
        "gender": gender_of(meta.get("gender", "")), "tags": tags_of(_list(meta.get("tags"))),
        "description": short(meta.get("desc", ""), LONGEST_TEXT),
        "origin": origin_of("forge", name, author=short(meta.get("author", ""))),
    }  # fmt: skip
    called = short(meta.get("name", ""))
    notes: tuple[Words, ...] = (_SAMPLES,) if _list(data.get("samples")) else ()
    tokens = [_inner(one) for one in _list(data.get("token"))]
    ours = [one for one in tokens if str(one.get("model_id", "")).replace("-", "").replace("_", "").lower() == CHATTTS]
    if len(ours) < len(tokens):
        notes += (_OTHERS,)
    found = []
    for one in ours[:1]:
        content = embedding(_vector(one, name), name, CHATTTS_SIZE, half=True)
        controls = _advice(_inner(data.get("recommend_config")))
        voice = NewVoice(
            CHATTTS, "embedding", content, called or stem_of(name), languages=LANGUAGES, controls=controls, **facts
        )
        found.append(Carried(voice, bool(called), notes))
    if refs := [_inner(one) for one in _list(data.get("refs"))]:
        found.append(_cloned(refs, called or stem_of(name), bool(called), facts, notes, name))
    if not found:
        raise wrong(
            name, "it holds neither a voice of ChatTTS nor a reference clip", "其中没有 ChatTTS 音色，也没有参考音频"
        )
    return found


def _inner(plain: Any) -> dict[str, Any]:
    """The data of one of its objects, also where it stands there without its type."""
    inner = plain.get("data", plain) if isinstance(plain, dict) else {}
    return inner if isinstance(inner, dict) else {}


def _list(plain: Any) -> list[Any]:
    return plain if isinstance(plain, list) else []


def _bytes(plain: Any, name: str) -> bytes:
    told = plain.get("data") if isinstance(plain, dict) else plain
    try:
        return base64.b64decode(told if isinstance(told, str) else "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise wrong(
            name, "one of its vectors or clips is damaged (no base64)", "向量或音频已损坏（不是 base64）"
        ) from error


def _vector(token: Mapping[str, Any], name: str) -> Any:
    tensors = [one for one in _list(token.get("tokens")) if not isinstance(one, str)]
    if len(tensors) != 1:
        raise wrong(
            name,
            f"a voice of ChatTTS is one vector, this has {len(tensors)}",
            f"ChatTTS 音色应为 1 个向量，这里有 {len(tensors)} 个",
        )
    if isinstance(tensors[0], list):
        return tensors[0]
    data = _bytes(tensors[0], name)
    kind = {4 * CHATTTS_SIZE: "<f4", 2 * CHATTTS_SIZE: "<f2"}.get(len(data))
    if kind is None:
        raise wrong(
            name,
            f"a vector of ChatTTS has {CHATTTS_SIZE} numbers, this {len(data)} bytes",
            f"ChatTTS 向量应有 {CHATTTS_SIZE} 个数，这里是 {len(data)} 字节",
        )
    return np.frombuffer(data, kind)


def _advice(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {ours: plain[theirs] for ours, theirs in ADVICE.items() if type(plain.get(theirs)) in (int, float)}


def _cloned(
    refs: list[dict[str, Any]], called: str, named: bool, facts: dict[str, Any], notes: tuple[Words, ...], name: str
) -> Carried:
    """The first clip is the voice, the others are the same person in another mood. Its engine is found later ("")."""
    clips = [_clip(one, name) for one in refs]
    first, *others = clips
    told = tuple(dict.fromkeys(clip.language for clip in clips if clip.language))
    kept = tuple(clip for clip in others if clip.emotion)
    if len(kept) < len(others):
        count = len(others) - len(kept)
        notes += (
            Words(
                f"{counted(count, 'clip')} without a known emotion left behind",
                f"{count} 段没有可识别情感的参考音频未导入",
            ),
        )
    moods = tags_of([*facts["tags"], first.emotion])
    voice = NewVoice(
        "", "clip", clip_content(first.media, first.transcript), called, first.media, languages=told,
        **facts | {"tags": moods},
    )  # fmt: skip
    return Carried(voice, named, notes, kept, bool(kept))


def _clip(plain: Mapping[str, Any], name: str) -> FurtherClip:
    data, rate = _bytes(plain.get("wav"), name), plain.get("wav_sr")
    if not data:
        raise wrong(name, "one of its reference clips is empty", "其中一段参考音频为空")
    if data[:4] != b"RIFF":
        if type(rate) is not int or not RATES[0] <= rate <= RATES[1] or len(data) % 2:
            raise wrong(name, "one of its clips has no usable sample rate", "其中一段参考音频没有可用的采样率")
        data = _wav(data, rate)
    emotion = short(plain.get("emotion") or "", LONGEST_TAG).lower()
    language = TONGUES.get(str(plain.get("lang") or "").lower(), "")
    return FurtherClip(
        emotion if emotion in EMOTIONS else "", short(plain.get("text") or "", 2000), _seconds(data), data, language
    )


def _wav(samples: bytes, rate: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples)
    return out.getvalue()


def _seconds(wav: bytes) -> float:
    """How long a clip lasts; 0 where Python's own reader does not know the kind."""
    try:
        with wave.open(io.BytesIO(wav)) as file:
            return float(file.getnframes() / file.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        return 0.0


def write_forge(out: Outgoing) -> bytes:
    """The voice as such a file: its vector for ChatTTS, or its clip with those of other moods."""
    voice = out.voice
    token, refs = [], []
    if voice.content["kind"] == "embedding":
        vector = base64.b64encode(numbers_of(voice.content, voice.name).tobytes()).decode()
        tokens = [{"_type": "torch.Tensor", "data": vector}]
        token = [_typed("VoiceToken", model_id="chat-tts", model_hash="", tokens=tokens, embedding=None, feat=None)]
    elif out.media:
        own = FurtherClip("", voice.content.get("transcript", ""), 0.0, out.media)
        refs = [_reference(clip) for clip in (own, *out.clips)]
    meta = _typed(
        "Meta", name=voice.name, desc=voice.description, gender=voice.gender,
        author=str(voice.origin.get("author", "")),
        version="", created_date=int(voice.created.timestamp() * 1000), avatar="", tags=list(voice.tags),
    )  # fmt: skip
    data = {
        "id": voice.id * 2, "version": "0.1", "meta": meta, "token": token, "samples": [], "refs": refs,
        "train_info": None, "recommend_config": _recommended(voice.controls),
    }  # fmt: skip
    return written({"_type": "DcSpk", "data": data})


def _typed(kind: str, **data: Any) -> dict[str, Any]:
    return {"_type": f"DcSpk{kind}", "data": data}


def _recommended(controls: Mapping[str, Any]) -> dict[str, Any] | None:
    usual = {"tempature": 0.3, "top_k": 20, "top_p": 0.7, "max_tokens": 2048, "repetition_penalty": 1.05}
    given = {theirs: controls[ours] for ours, theirs in ADVICE.items() if ours in controls}
    return _typed("InferConfig", **usual | given, emotion="*") if given else None


def _reference(clip: FurtherClip) -> dict[str, Any]:
    """A clip as 16-bit samples with their rate, which is how the tool keeps them."""
    from studio.audio.clip import to_int16
    from studio.audio.files import read_bytes

    sound = read_bytes(clip.media)
    data = base64.b64encode(to_int16(sound.samples).tobytes()).decode()
    return _typed(
        "Reference", text=clip.transcript, wav={"_type": "bytes", "data": data}, wav_sr=sound.rate,
        emotion=clip.emotion or None, lang=clip.language or None,
    )  # fmt: skip
