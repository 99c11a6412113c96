"""What the Voices page asks about how voices sound: measures, likeness, near-duplicates, the map."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from studio.errors import BadRequest
from studio.studio import MEASURES, Job, Measured, Studio, Voice, VoiceQuery
from studio.ui import asked as take
from studio.ui import describe
from studio.ui.uploads import Uploads

STILL_ASKED_S = 1.0  # how long one question waits for a job; the page asks again
SHOWN = 12  # voices of an answer
MOST_TWINS = 50  # groups


class Survey:
    """The questions; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio, query_of: Callable[[Mapping[str, Any]], VoiceQuery]) -> None:
        """`query_of` says what the filters of the page narrow by."""
        self.studio, self._query_of = studio, query_of
        self.uploads = Uploads(studio.folder.path, "recordings")
        self.questions = [
            self.survey_state, self.voice_measured, self.measure_begin, self.measure_rest, self.survey_stop,
            self.measure_done, self.like_begin, self.like_found, self.like_clip, self.twins_begin, self.twins_found,
            self.voice_map,
        ]  # fmt: skip

    def survey_state(self, asked: dict[str, Any], language: str) -> Any:
        """How many voices are measured, and the ends of the sliders."""
        measured, total = self.studio.survey.counts()
        return {"measured": measured, "total": total, "limits": self.studio.survey.limits()}

    # --- measuring

    def voice_measured(self, asked: dict[str, Any], language: str) -> Any:
        """The measures of a voice, as plots need them; null where nobody measured it."""
        id = take.text(asked, "id")
        found = self.studio.survey.measures([id]).get(id)
        return {
            "voice": self._row(self.studio.voices.get(id), language),
            "measured": plots(self.studio, found, language),
        }

    def measure_begin(self, asked: dict[str, Any], language: str) -> Any:
        quick = take.switch(asked, "quick", False)
        return {"job": self.studio.survey.measure([take.text(asked, "id")], quick=quick).id}

    def measure_rest(self, asked: dict[str, Any], language: str) -> Any:
        """Every voice that nobody measured, quickly."""
        return {"job": self.studio.survey.measure_rest().id}

    def survey_stop(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.survey.job(take.text(asked, "job")).stop()
        return True

    def measure_done(self, asked: dict[str, Any], language: str) -> Any:
        """How many could be measured, and what kept the others from it; `waiting` while it runs."""
        job = self.studio.survey.job(take.text(asked, "job"))
        if (waiting := still(job)) is not None:
            return waiting
        outcomes = job.wait()
        wrong = [f"{one.voice.name}: {one.error.text(language)}" for one in outcomes if one.error]
        return {"done": len(outcomes) - len(wrong), "problems": wrong[:SHOWN], "more": max(0, len(wrong) - SHOWN)}

    # --- finding

    def like_begin(self, asked: dict[str, Any], language: str) -> Any:
        return {"job": self.studio.survey.like(take.text(asked, "id"), count=SHOWN).id}

    def like_found(self, asked: dict[str, Any], language: str) -> Any:
        job = self.studio.survey.job(take.text(asked, "job"))
        if (waiting := still(job)) is not None:
            return waiting
        return self._alike(job.wait(), language)

    def like_clip(self, asked: dict[str, Any], language: str) -> Any:
        """The voices nearest to a recording that was dropped on the page."""
        path = self.uploads.path(take.text(asked, "upload"))
        return self._alike(self.studio.survey.like_clip(path, count=SHOWN), language) | {"name": path.name}

    def twins_begin(self, asked: dict[str, Any], language: str) -> Any:
        return {"job": self.studio.survey.duplicates().id}

    def twins_found(self, asked: dict[str, Any], language: str) -> Any:
        """Groups of voices that can hardly be told apart."""
        job = self.studio.survey.job(take.text(asked, "job"))
        if (waiting := still(job)) is not None:
            return waiting
        found = job.wait()
        groups = [
            {
                "same": twins.same,
                "similarity": twins.similarity,
                "voices": [self._row(voice, language) for voice in twins.voices[:SHOWN]],
            }
            for twins in found[:MOST_TWINS]
        ]
        return {"groups": groups, "more": max(0, len(found) - MOST_TWINS)}

    def voice_map(self, asked: dict[str, Any], language: str) -> Any:
        """Every measured voice that the filters let through, as a point."""
        drawn = self.studio.survey.map(self._query_of(asked))
        points = [
            [one.voice.id, one.voice.name, round(one.x, 3), round(one.y, 3), one.group, hertz(one.measured)]
            for one in drawn.points
        ]
        groups = [{"count": one.count, "pitch": rounded(one.pitch_hz), "nearest": one.nearest} for one in drawn.groups]
        return {"points": points, "groups": groups, "shown": drawn.shown, "total": drawn.total}

    def _alike(self, found: Any, language: str) -> dict[str, Any]:
        measured, total = self.studio.survey.counts()
        rows = [self._row(one.voice, language) | {"similarity": one.similarity} for one in found]
        return {"voices": rows, "measured": measured, "total": total}

    def _row(self, voice: Voice, language: str) -> dict[str, Any]:
        return describe.voice_card(voice, language)


def still(job: Job[Any]) -> dict[str, Any] | None:
    """How far a job is, if it runs on."""
    try:
        job.wait(STILL_ASKED_S)
    except TimeoutError:
        return {"waiting": True, "progress": job.progress, "seconds_left": job.seconds_left}
    return None


def spans(asked: Mapping[str, Any]) -> dict[str, tuple[float | None, float | None]]:
    """Ranges of measures as the sliders say them: name -> [from, to], null where open."""
    found: dict[str, tuple[float | None, float | None]] = {}
    for name, span in take.table(asked, "measures").items():
        ends: list[Any] = span if isinstance(span, list) and len(span) == 2 else [""]
        if name not in MEASURES or not all(end is None or _number(end) for end in ends):
            raise BadRequest(
                f"measures: takes ranges of {', '.join(MEASURES)}", "measures：应为各项测量的范围", where=name
            )
        found[name] = (ends[0], ends[1])
    return found


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def plots(studio: Studio, found: Measured | None, language: str) -> dict[str, Any] | None:
    """What the plots are drawn from, with the words that stand beside them."""
    if found is None:
        return None
    details = found.details
    titles = studio.survey.tests()
    tests = [
        {"title": titles[name].text(language), **test}
        for name, test in details.get("tests", {}).items()
        if name in titles
    ]
    suggests = studio.survey.hint(found)
    return {
        **{name: getattr(found, name) for name in MEASURES},
        "tests": tests,
        "strip": list(details.get("strip", [])),
        "hint": suggests.text(language) if suggests else "",
        "language": describe.tongue(str(details.get("language", "")), language),
        "encoder": studio.survey.encoder_title(str(details.get("encoder", ""))).text(language),
        "measured": found.measured.isoformat() if found.measured else "",
    }


def hertz(found: Measured | None) -> int | None:
    return None if found is None else rounded(found.pitch_hz)


def rounded(value: float | None) -> int | None:
    return None if value is None else round(value)
