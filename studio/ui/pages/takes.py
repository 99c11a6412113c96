"""The Takes page: the history of what was spoken; and what every page may ask about one take."""

from typing import Any

from studio.errors import BadRequest
from studio.studio import Studio, TakeQuery
from studio.ui import asked as take
from studio.ui import describe
from studio.ui.pages.parts import component
from studio.ui.strings import say
from studio.ui.subtitled import formats

PAGE = 30  # rows
SORTS = {"newest": "created", "longest": "seconds", "used": "last_used"}


def build(studio: Studio) -> None:
    """Put the page into the Blocks that is being made."""
    shelf = Questions(studio)
    component("takes", [shelf.find_takes, shelf.note_take, shelf.drop_take, shelf.restore_take, shelf.compare_takes])
    component("keeper", [shelf.star_take, shelf.take_facts, shelf.listen_take])


class Questions:
    """What the scripts may ask; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def find_takes(self, asked: dict[str, Any], language: str) -> Any:
        """One page of takes. Single lines of longer texts only where they are asked for."""
        query = TakeQuery(
            text=take.text(asked, "search"),
            engine=take.text(asked, "engine"),
            kind="" if take.switch(asked, "lines", False) else "reading",
            starred=True if take.switch(asked, "starred", False) else None,
            emotion=take.text(asked, "emotion"),
            sort=SORTS.get(take.text(asked, "sort", "newest"), "created"),  # type: ignore[arg-type]
            page=max(1, take.whole(asked, "page", 1)),
            size=PAGE,
        )
        found = self.studio.takes.find(query)
        titles = describe.engine_titles(self.studio, language)
        engines = [[id, f"{titles.get(id, id)} ({count})"] for id, count in self.studio.takes.engines().items()]
        rows = [describe.take_row(self.studio, one, language) for one in found]
        emotions = describe.emotions(self.studio, language)
        known = {
            "engines": engines,
            "emotions": list(map(list, emotions.items())),
            "subtitles": formats(self.studio, language),
            "converts": bool(self.studio.converters()),  # said again in another voice
        }
        return {"takes": rows, **known, "total": found.total, "page": found.page, "pages": found.pages}

    def star_take(self, asked: dict[str, Any], language: str) -> Any:
        return self.studio.takes.star([take.text(asked, "digest")], take.switch(asked, "starred"))

    def note_take(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.takes.note(take.text(asked, "digest"), take.text(asked, "note"))
        return True

    def drop_take(self, asked: dict[str, Any], language: str) -> Any:
        return self.studio.takes.delete([take.text(asked, "digest")])

    def restore_take(self, asked: dict[str, Any], language: str) -> Any:
        return self.studio.takes.restore([take.text(asked, "digest")])

    def take_facts(self, asked: dict[str, Any], language: str) -> Any:
        """The recipe of one take, in words and whole."""
        details = self.studio.takes.details(take.text(asked, "digest"))
        return {
            "text": details.text,
            "facts": [[label, value] for label, value in self._facts(details, language).items()],
            "json": describe.pretty(details.recipe),
            "loadable": "request" in details.recipe,
            "listens": bool(describe.emotions(self.studio, language)),
        }

    def listen_take(self, asked: dict[str, Any], language: str) -> Any:
        """Hear a take again: the words that were heard against those of its text, and its emotion."""
        found = self.studio.listening.read_back(take.text(asked, "digest"))
        suspicion = found.suspicion()
        named = describe.emotions(self.studio, language)
        return {
            "heard": found.transcript.text,
            "rate": None if found.error_rate is None else round(100 * found.error_rate),
            "edits": [[edit.kind, edit.said, edit.heard] for edit in found.comparison.edits]
            if found.comparison
            else [],
            "emotions": [
                [name, named.get(name, name), round(100 * chance)] for name, chance in found.transcript.emotions[:3]
            ],
            "suspicion": suspicion.text(language) if suspicion else "",
        }

    def compare_takes(self, asked: dict[str, Any], language: str) -> Any:
        """Two takes side by side; facts that differ are marked."""
        digests = take.texts(asked, "digests")
        if len(digests) != 2:
            raise BadRequest("choose exactly two takes to compare", "请正好选择两个版本来对比", where="digests")
        both = [self.studio.takes.details(digest) for digest in digests]
        facts = [self._facts(details, language) for details in both]
        labels = list(dict.fromkeys([*facts[0], *facts[1]]))
        return [
            {
                "digest": details.take.digest,
                "title": describe.take_row(self.studio, details.take, language)["title"],
                "facts": [[n, mine.get(n, "—"), facts[0].get(n) != facts[1].get(n)] for n in labels],
            }
            for details, mine in zip(both, facts, strict=True)
        ]

    def _facts(self, details: Any, language: str) -> dict[str, str]:
        """What a person wants to know of a recipe: label and value."""
        one, recipe = details.take, details.recipe
        line = recipe["lines"][0] if recipe.get("lines") else recipe
        request = recipe.get("request", {})
        facts = {
            say("fact.engine", language): f"{one.engine} {line.get('version', '')}".strip(),
            say("fact.voice", language): describe.voice_label(self.studio, one, language),
            say("fact.style", language): request.get("style", ""),
            say("fact.seed", language): str(line.get("seed", "")),
            say("fact.polish", language): self._polish(request.get("polish", ""), language),
        } | self._controls(one.engine, line.get("controls", {}), language)
        measured = {
            say("fact.length", language): describe.clock(one.seconds),
            say("fact.loudness", language): f"{one.lufs:.1f} LUFS" if one.lufs is not None else "",
            say("fact.peak", language): f"{one.true_peak_db:.1f} dB" if one.true_peak_db is not None else "",
            say("fact.emotion", language): describe.emotions(self.studio, language).get(one.emotion, one.emotion),
            say("fact.errors", language): f"{one.error_rate:.0%}" if one.error_rate is not None else "",
            say("fact.made", language): f"{one.created:%Y-%m-%d %H:%M} UTC",
            say("fact.digest", language): one.digest[:16],
        }
        return {name: value for name, value in (facts | measured).items() if value}

    def _polish(self, chosen: str, language: str) -> str:
        labels = {preset.id: preset.label.text(language) for preset in self.studio.polish_presets()}
        return labels.get(chosen, chosen) if chosen != "off" else ""

    def _controls(self, engine: str, controls: dict[str, Any], language: str) -> dict[str, str]:
        """Controls by their labels; of an engine that is gone, by their names."""
        known = {state.id: state.spec for state in self.studio.engines()}
        spec = known.get(engine)
        shown = [describe.control(c, language) for c in spec.controls] if spec else []
        labels = {c["name"]: (c["label"], c["unit"]) for c in shown}
        told = {}
        for name, value in controls.items():
            label, unit = labels.get(name, (name, ""))
            told[label] = f"{value} {unit}".strip()
        return told
