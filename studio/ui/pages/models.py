"""The Models page: every engine, what it is for, whether it is ready, and its licences in plain words."""

from collections.abc import Sequence
from typing import Any

from studio.studio import EngineState, Model, Studio
from studio.ui import asked as take
from studio.ui import describe
from studio.ui.pages.parts import component
from studio.ui.strings import say


def build(studio: Studio) -> None:
    """Put the page into the Blocks that is being made."""

    shelf = Questions(studio)
    component("models", [shelf.models_shown, shelf.install, shelf.verify, shelf.remove, shelf.stop_model, shelf.tune])


class Questions:
    """What the script of this page may ask; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def models_shown(self, asked: dict[str, Any], language: str) -> Any:
        rows = []
        for state in self.studio.engines():
            wanted = state.spec.weights if state.spec else ()
            rows.append(engine(state, language) | self._more(state.id, wanted, language))
        for listener in self.studio.listening.states():
            wanted = listener.spec.weights if listener.spec else ()
            rows.append(recogniser(listener, language) | self._more(listener.id, wanted, language))
        return rows

    def install(self, asked: dict[str, Any], language: str) -> Any:
        """Start fetching a model; its licence was shown and accepted on the page."""
        self.studio.models.install(take.text(asked, "id"), take.switch(asked, "accepted", False))
        return True

    def verify(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.models.verify(take.text(asked, "id"))
        return True

    def remove(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.models.remove(take.text(asked, "id"))
        return True

    def stop_model(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.models.stop(take.text(asked, "id"))
        return True

    def tune(self, asked: dict[str, Any], language: str) -> Any:
        """Choose one setting of how a model is loaded; null takes it back to its default. Gives all of them."""
        id = take.text(asked, "id")
        self.studio.tuning.change(id, {take.text(asked, "name"): asked.get("value")})
        return self._settings(id, language)

    def _more(self, id: str, wanted: Sequence[str], language: str) -> dict[str, Any]:
        """What a row shows besides: the weights, and how they are loaded."""
        return {
            "weights": [self._weights(one, language) for one in wanted],
            "settings": self._settings(id, language),
        }

    def _settings(self, id: str, language: str) -> list[dict[str, Any]]:
        return [{**describe.control(one.control, language), **one.to_json()} for one in self.studio.tuning.of(id)]

    def _weights(self, id: str, language: str) -> dict[str, Any]:
        return weights(self.studio.models.get(id), language)


def weights(model: Model, language: str) -> dict[str, Any]:
    """A model as its engine's row shows it."""
    facts, job = model.weights, model.job
    running = job is not None and not job.over
    return {
        "id": facts.id,
        "title": facts.title.text(language),
        "source": model.found.source if model.found else "missing",
        "word": model.state.text(language),
        "where": str(model.found.root) if model.found else "",
        "size": f"{facts.about_bytes / 1e9:.1f} GB",
        "licence": f"{facts.licence}: {facts.licence_words.text(language)}",
        "homepage": facts.homepage,
        "running": running,
        "progress": job.progress if job and running else 0,
        "seconds_left": job.seconds_left if job and running else None,
        "problem": job.error.text(language) if job and job.over and job.error else "",
        "checked": bool(job and job.over and not job.error),
    }


def recogniser(state: Any, language: str) -> dict[str, Any]:
    """One recogniser as its row shows it."""
    spec, tongues = state.spec, "、" if language == "zh" else ", "
    facts: list[list[str]] = []
    if spec:
        emotions = tongues.join(words.text(language) for _, words in spec.emotions)
        facts = [
            [
                say("model.languages", language),
                tongues.join(describe.tongue(code, language) for code in spec.languages),
            ],
            [say("fact.emotion", language), emotions],
            [say("model.weights", language), ", ".join(spec.weights) or say("model.noweights", language)],
            [say("model.code", language), licence(spec.code_licence, language)],
            [say("model.weightslicence", language), licence(spec.weights_licence, language)],
            [say("model.version", language), spec.version],
        ]
    return row(state, facts, language)


def engine(state: EngineState, language: str) -> dict[str, Any]:
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
    return row(state, facts, language)


def row(state: Any, facts: list[list[str]], language: str) -> dict[str, Any]:
    """What the rows of engines and recognisers have in common."""
    spec = state.spec
    return {
        "id": state.id,
        "title": state.title.text(language),
        "about": spec.about.text(language) if spec else "",
        "state": state.state,
        "word": say(f"model.state.{state.state}", language),
        "command": state.command if state.state == "missing" and not (spec and spec.weights) else "",
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
        ("LicenseRef-FunASR", "licence.named"),
    ):
        if name.upper().replace(" ", "-").startswith(start.upper()):
            return f"{name}: {say(key, language)}" if language == "en" else f"{name}：{say(key, language)}"
    return name
