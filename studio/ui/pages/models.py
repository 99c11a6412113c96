"""The Models page: every engine, what it is for, whether it is ready, and its licences in plain words."""

from typing import Any

from studio.studio import EngineState, Studio
from studio.ui import describe
from studio.ui.pages.parts import component
from studio.ui.strings import say


def build(studio: Studio) -> None:
    """Put the page into the Blocks that is being made."""

    def models_shown(asked: dict[str, Any], language: str) -> Any:
        return [model(state, language) for state in studio.engines()]

    component("models", [models_shown])


def model(state: EngineState, language: str) -> dict[str, Any]:
    """One engine as its row shows it."""
    spec, tongues = state.spec, "、" if language == "zh" else ", "
    facts: list[list[str]] = []
    if spec:
        named = list(dict.fromkeys(describe.tongue(code, language) for code in spec.languages))
        shown = tongues.join(named[:8])
        more = say("model.more", language, n=len(named) - 8) if len(named) > 8 else ""
        kinds = tongues.join(describe.label("kind", kind, language) for kind in sorted(spec.voice_kinds))
        facts = [
            [say("model.languages", language), f"{shown}{more}"],
            [say("model.kinds", language), kinds],
            [
                say("model.weights", language),
                say("model.noweights", language) if not spec.weights else ", ".join(spec.weights),
            ],
            [say("model.code", language), licence(spec.code_licence, language)],
            [say("model.weightslicence", language), licence(spec.weights_licence, language)],
            [say("model.version", language), spec.version],
        ]
    return {
        "id": state.id,
        "title": state.title.text(language),
        "about": spec.about.text(language) if spec else "",
        "state": state.state,
        "word": say(f"model.state.{state.state}", language),
        "command": state.command if state.state == "missing" else "",
        "note": state.note.text(language) if state.note and state.state != "ready" else "",
        "facts": [fact for fact in facts if fact[1]],
    }


def licence(name: str, language: str) -> str:
    """A licence with what it means for the reader, where we know it."""
    for start, key in (
        ("GPL", "licence.gpl"),
        ("AGPL", "licence.agpl"),
        ("Apache", "licence.free"),
        ("MIT", "licence.free"),
        ("BSD", "licence.free"),
        ("CC-BY-NC", "licence.nc"),
    ):
        if name.upper().replace(" ", "-").startswith(start.upper()):
            return f"{name}: {say(key, language)}" if language == "en" else f"{name}：{say(key, language)}"
    return name
