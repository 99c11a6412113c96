"""`.voice.json`: a voice in our own words, made to be read and compared, with its clip inside or beside it."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.errors import BadRequest
from studio.library import NewVoice, Voice
from studio.voices.exchange.bounded import wrong
from studio.voices.exchange.carried import Carried, FurtherClip, check_clip, content_of

FORMAT, VERSION = "timbre-voice", 1
FACTS: dict[str, type] = {  # that are written where there is something to say
    "languages": list, "gender": str, "age": str, "tags": list, "description": str, "rating": int, "favourite": bool,
    "notes": str, "controls": dict, "origin": dict, "parents": list, "weights": str,
}  # fmt: skip
MOST_CLIPS = 24

Clip = Callable[[str], bytes]  # the file of a clip that lies beside, by its name


@dataclass(frozen=True)
class Outgoing:
    """A voice on its way out of a library."""

    voice: Voice
    media: bytes = field(default=b"", repr=False)
    clips: tuple[FurtherClip, ...] = ()


def plain_of(out: Outgoing, beside: Mapping[int, str] | None = None) -> dict[str, Any]:
    """The voice as plain data. `beside` names the files of its clips (0 is its own), which are inside otherwise."""
    voice = out.voice
    plain: dict[str, Any] = {
        "format": FORMAT, "version": VERSION, "name": voice.name, "engine": voice.engine, "kind": voice.kind,
    }  # fmt: skip
    for name in FACTS:
        value = getattr(voice, name)
        if value:
            plain[name] = list(value) if isinstance(value, tuple) else value
    plain |= {"id": voice.id, "created": voice.created.isoformat(timespec="seconds"), "content": voice.content}
    if out.media:
        plain["clip"] = _clip(out.media, (beside or {}).get(0))
    if out.clips:
        plain["references"] = [
            {
                "emotion": clip.emotion, "language": clip.language, "transcript": clip.transcript,
                "seconds": clip.seconds, "clip": _clip(clip.media, (beside or {}).get(number)),
            }
            for number, clip in enumerate(out.clips, 1)
        ]  # fmt: skip
    return plain


def written(plain: Any) -> bytes:
    """JSON that is read by people: a key a line, in any script."""
    return (json.dumps(plain, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def _clip(media: bytes, file: str | None) -> dict[str, Any]:
    return {"bytes": len(media)} | ({"file": file} if file else {"base64": base64.b64encode(media).decode()})


def is_own(plain: Any) -> bool:
    return isinstance(plain, dict) and plain.get("format") == FORMAT


def carried_of(plain: Mapping[str, Any], name: str, beside: Clip | None = None) -> Carried:
    """A voice from such data. `BadFile` names what is missing or of the wrong kind."""
    version = plain.get("version")
    if type(version) is not int or version < 1:
        raise wrong(name, "it does not say which version of the format it is", "没有写明格式版本（version）")
    if version > VERSION:
        raise wrong(name, "a later version of the studio made it; update this one", "由更新版本的工坊制作，请先升级")
    for key in ("name", "engine", "kind"):
        if not isinstance(plain.get(key), str):
            raise wrong(name, f"“{key}” is missing in it", f"缺少“{key}”")
    given = {key: _fact(plain[key], kind, key, name) for key, kind in FACTS.items() if key in plain}
    media = _media(plain["clip"], name, beside) if "clip" in plain else b""
    content = content_of(plain.get("content"), media, name)
    if plain["kind"] != content["kind"] and plain["kind"] != "blend":
        raise wrong(name, "its kind and its content do not fit together", "类型（kind）与内容（content）不符")
    voice = NewVoice(
        plain["engine"], plain["kind"], content, plain["name"], media or None, id=str(plain.get("id", "")), **given
    )
    clips = _clips(plain.get("references", []), name, beside)
    return Carried(voice, clips=clips, moods=bool(clips))


def _fact(value: Any, kind: Any, key: str, name: str) -> Any:
    texts = kind is list and key != "parents"
    if type(value) is not kind or (texts and not all(isinstance(one, str) for one in value)):
        raise wrong(name, f"“{key}” is of another kind than it should be", f"“{key}”的类型不对")
    if key == "parents" and not all(isinstance(one, dict) for one in value):
        raise wrong(name, "“parents” is no list of voices", "“parents”不是音色列表")
    return tuple(value) if kind is list else value


def _media(plain: Any, name: str, beside: Clip | None) -> bytes:
    """The bytes of a clip, from inside or from beside."""
    if isinstance(plain, dict) and isinstance(plain.get("base64"), str):
        try:
            return base64.b64decode(plain["base64"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise wrong(name, "its clip is damaged (no base64)", "音频片段已损坏（不是 base64）") from error
    if isinstance(plain, dict) and isinstance(plain.get("file"), str):
        if beside is None:
            raise wrong(
                name,
                "its clip lies in another file, which only a pack can bring; import the whole pack",
                "音频片段在另一个文件里；请导入整个音色包",
            )
        return beside(plain["file"])
    raise wrong(name, "“clip” holds no sound", "“clip”中没有音频")


def _clips(plain: Any, name: str, beside: Clip | None) -> tuple[FurtherClip, ...]:
    if not isinstance(plain, list) or len(plain) > MOST_CLIPS or not all(isinstance(one, dict) for one in plain):
        raise wrong(
            name,
            f"“references” is no list of at most {MOST_CLIPS} clips",
            f"“references”应为不超过 {MOST_CLIPS} 段音频",
        )
    clips = []
    for one in plain:
        said = [one.get(key, "") for key in ("emotion", "transcript", "language")]
        seconds = one.get("seconds", 0.0)
        if not all(isinstance(text, str) for text in said) or type(seconds) not in (int, float):
            raise wrong(name, "a reference in it is damaged", "其中一段参考音频的说明已损坏")
        clip = FurtherClip(said[0], said[1], float(seconds), _media(one.get("clip"), name, beside), said[2])
        try:
            check_clip(clip)
        except BadRequest as error:
            raise wrong(name, error.words.en, error.words.zh) from error
        clips.append(clip)
    return tuple(clips)
