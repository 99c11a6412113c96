"""Records of the studio as plain data for the page, in the reader's language."""

import json
import re
from typing import Any

from studio.errors import StudioError
from studio.studio import (
    BuiltinVoice,
    Control,
    EngineSpec,
    EngineState,
    Format,
    Preset,
    Step,
    Studio,
    Style,
    Take,
    Voice,
    VoiceKind,
    VoiceQuery,
)
from studio.ui.glyph import glyph_of
from studio.ui.strings import STRINGS, say
from studio.ui.tongues import TONGUES

Plain = dict[str, Any]
TITLE = 60  # characters of a take's name
OFFERED = 200  # voices of a list that is not searched


def joined(*parts: str) -> str:
    """Facts on one line; empty ones left out."""
    return " · ".join(part for part in parts if part)


def label(prefix: str, value: str, language: str) -> str:
    """The word for a code, such as a gender; the code itself where there is none."""
    key = f"{prefix}.{value}"
    return say(key, language) if key in STRINGS else value


def tongue(code: str, language: str) -> str:
    """A language's name: by its whole tag, by its first part, else the tag."""
    low = code.lower()
    words = TONGUES.get(low) or TONGUES.get(low.partition("-")[0])
    return words.text(language) if words else code


def emotions(studio: Studio, language: str) -> dict[str, str]:
    """The emotions that can be heard here, by name; none where nothing can listen."""
    ready = [state.spec for state in studio.listening.states() if state.spec and state.state == "ready"]
    return {name: words.text(language) for spec in ready for name, words in spec.emotions}


def timbres(studio: Studio, language: str) -> list[list[Any]]:
    """What can be said again in another voice, and by whom: `[engine, title, [[voice, name], …]]` for each engine that
    is ready to; a cloned voice of another engine lends its clip. Empty where no engine can."""
    found = []
    for id in studio.converters():
        spec = studio.engine(id)
        kept = list(studio.voices.find(VoiceQuery(engine=id, size=OFFERED)))
        if VoiceKind.CLIP in spec.voice_kinds:
            clips = studio.voices.find(VoiceQuery(kind="clip", size=OFFERED))
            kept += [voice for voice in clips if voice.engine != id]
        voices = [[voice.id, voice.name] for voice in kept]
        voices += [[one.name, one.label.text(language)] for one in studio.builtin_voices(id)]
        found.append([id, spec.title.text(language), voices])
    return found


def clock(seconds: float) -> str:
    """`0:09`, `1:02:03`."""
    hours, rest = divmod(int(seconds + 0.5), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def control(one: Control, language: str) -> Plain:
    """What the page needs to draw a control; infinite ends stay on the server."""
    unit = label("unit", one.unit, language) if one.unit else ""
    span = one.span(language).strip()
    if one.unit:
        span = span.replace(one.unit, unit)
    return {
        "name": one.name,
        "kind": one.kind,
        "default": one.default,
        "label": one.label.text(language),
        "help": f"{one.help.text(language)} ({span})" if language == "en" else f"{one.help.text(language)}（{span}）",
        "low": finite(one.low, -1e9),
        "high": finite(one.high, 1e9),
        "step": one.step,
        "unit": unit,
        "choices": [[value, words.text(language)] for value, words in one.choices],
        "group": one.group,
        "held": one.held,
    }


def finite(number: float, otherwise: float) -> float:
    return number if abs(number) != float("inf") else otherwise


def engine_titles(studio: Studio, language: str) -> dict[str, str]:
    """Engines as people call them, by id."""
    return {state.id: state.title.text(language) for state in studio.engines()}


def engine(state: EngineState, language: str) -> Plain:
    """An engine for the desk."""
    spec = state.spec
    return {
        "id": state.id,
        "title": state.title.text(language),
        "state": state.state,
        "ready": state.state == "ready",
        "kinds": sorted(spec.voice_kinds) if spec else [],
        "strings": state.shares_voices,
        "modes": [[mode, words.text(language)] for mode, words in spec.modes] if spec else [],
        "controls": [control(one, language) for one in spec.controls] if spec else [],
        "marks": {name: support.how.value for name, support in spec.marks.items()} if spec else {},
    }


def style(one: Style, language: str) -> Plain:
    told = one.translations.get(language, {})
    return {
        "name": one.name,
        "label": told.get("name") or one.name,
        "engine": one.engine,
        "shipped": one.shipped,
        "controls": dict(one.controls),
    }


def step(one: Step, language: str) -> Plain:
    """A step of normalisation, to be switched."""
    return {
        "id": one.id,
        "label": one.label.text(language),
        "help": one.help.text(language),
        "default": one.default,
        "choices": [[value, words.text(language)] for value, words in getattr(one, "choices", ())],
    }


def preset(one: Preset, language: str) -> Plain:
    return {"id": one.id, "label": one.label.text(language), "help": one.about.text(language)}


def format(one: Format, language: str) -> Plain:
    return {"id": one.id, "label": one.label.text(language), "help": one.note.text(language)}


def seed_voice(engine_id: str, seed: int, language: str) -> Plain:
    return {
        "ref": f"seed:{seed}",
        "name": say("voice.seedname", language, n=seed),
        "facts": say("kind.seed", language),
        "glyph": glyph_of(engine_id, {"kind": "seed", "seed": seed}),
    }


def string_voice(engine_id: str, code: str, language: str) -> Plain:
    """A voice in the string that people exchange for it."""
    return {
        "ref": f"code:{code}",
        "name": say("voice.stringname", language, code=code[:8]),
        "facts": say("voice.string", language),
        "glyph": glyph_of(engine_id, {"kind": "embedding", "values": code}),
    }


def vector_voice(engine_id: str, ref: str, language: str) -> Plain:
    """A blended or bred voice that was not kept."""
    return {
        "ref": ref,
        "name": say("voice.unnamed", language),
        "facts": say("kind.embedding", language),
        "glyph": glyph_of(engine_id, {"kind": "embedding", "values": ref.removeprefix("vector:")}),
    }


def builtin_voice(engine_id: str, voice: BuiltinVoice, language: str) -> Plain:
    tongues = "、" if language == "zh" else ", "
    named = tongues.join(tongue(code, language) for code in voice.languages[:3])
    return {
        "ref": voice.name,
        "name": voice.label.text(language),
        "facts": joined(named, label("gender", voice.gender, language) if voice.gender else ""),
        "glyph": glyph_of(engine_id, {"kind": "builtin", "name": voice.name}),
    }


def voice_card(voice: Voice, language: str) -> Plain:
    """A voice of the library, as its card shows it."""
    tongues = "、" if language == "zh" else ", "
    return {
        "id": voice.id,
        "ref": voice.id,
        "name": voice.name,
        "engine": voice.engine,
        "facts": joined(
            label("gender", voice.gender, language) if voice.gender else "",
            tongues.join(tongue(code, language) for code in voice.languages[:3]),
            label("kind", voice.kind, language),
        ),
        "glyph": glyph_of(voice.engine, voice.content),
        "tags": list(voice.tags),
        "rating": voice.rating,
        "favourite": voice.favourite,
        "note": voice.notes,
        "emotion": voice.emotion,
    }


def shown_voice(studio: Studio, spec: EngineSpec, ref: str, language: str) -> Plain:
    """Whoever `ref` names, as the desk shows it. `NotFound` when there is nobody."""
    builtin = studio.builtin_voices(spec.id)
    named = ref or spec.default_voice
    if named.startswith("seed:") and named[5:].isdigit():
        return seed_voice(spec.id, int(named[5:]), language) | {"ref": ref}
    if named.startswith("code:"):
        return string_voice(spec.id, named[5:], language)
    if named.startswith("vector:"):
        return vector_voice(spec.id, named, language)
    for voice in builtin:
        if voice.name == ref or not ref:
            return builtin_voice(spec.id, voice, language) | {"ref": ref}
    return voice_card(studio.voices.get(ref), language)


def voice_label(studio: Studio, take: Take, language: str) -> str:
    """The name of the voice of a take; of a builtin one in the reader's language."""
    return family_label(studio, take.engine, take.voice_label, language)


def ref_label(studio: Studio, engine_id: str, ref: str, language: str) -> str:
    """A voice as people read it: a seed or a builtin voice in the reader's language, else its name."""
    if ref.startswith("seed:"):
        return say("voice.seedname", language, n=ref[5:])
    if ref.startswith("vector:"):
        return say("voice.unkept", language)
    try:
        builtin = studio.builtin_voices(engine_id)
    except StudioError:  # the engine is gone, the take is not
        builtin = ()
    return next((v.label.text(language) for v in builtin if v.name == ref), ref)


def family_label(studio: Studio, engine_id: str, name: str, language: str) -> str:
    """The name of a candidate, in which voices may stand together: `seed:7 × f2`, `f2 ~ 3`."""
    parts = re.split(r"( × | \+ | ~ )", name)
    return "".join(ref_label(studio, engine_id, one, language) if n % 2 == 0 else one for n, one in enumerate(parts))


def take_row(studio: Studio, take: Take, language: str) -> Plain:
    """A take, as lists and the player show it."""
    loudness = f"{take.lufs:.1f} LUFS".replace("-", "−") if take.lufs is not None else ""
    title = take.excerpt if len(take.excerpt) <= TITLE else take.excerpt[:TITLE] + "…"
    return {
        "digest": take.digest,
        "title": title,
        "facts": joined(voice_label(studio, take, language), clock(take.seconds), loudness),
        "seconds": take.seconds,
        "starred": take.starred,
        "note": take.note,
        "created": take.created.isoformat(),
        "loadable": take.kind == "reading",
    }


def value(of: Any) -> str:
    """A control's value as people read it."""
    return f"{of:g}" if isinstance(of, float) else str(of)


def pretty(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, indent=2, sort_keys=True, default=str)
