"""What the page may ask about the sound of voices: answers in both languages, a sentence for nonsense."""

import time
from typing import Any

import pytest

from studio.errors import BadRequest, NotFound, StudioError
from studio.studio import Studio
from studio.ui.pages.survey import Survey, spans
from studio.ui.pages.voices import query_of

QUERY: dict[str, Any] = {"search": "Survey", "measures": {}}


@pytest.fixture(scope="module")
def page(studio: Studio) -> Survey:
    for seed in range(4):
        studio.keeping.seed("espeak", seed, f"Survey {seed}")
    ids = [voice.id for voice in studio.voices.find(query_of(QUERY))]
    studio.survey.measure(ids, quick=True).wait(60)
    return Survey(studio, query_of)


def answered(ask: Any, job: str, language: str = "en") -> Any:
    while (answer := ask({"job": job}, language)).get("waiting"):
        time.sleep(0.05)
    return answer


@pytest.mark.parametrize("language", ["en", "zh"])
def test_measures_in_words(page: Survey, language: str) -> None:
    voice = page.studio.voices.get("Survey 0")
    page.studio.survey.measure([voice.id], quick=True).wait(30)
    found = page.voice_measured({"id": voice.id}, language)["measured"]
    assert found["tests"][0]["title"] == {"en": "six sentences", "zh": "六句不同的话"}[language]
    assert all(found[name] for name in ("hint", "encoder", "language"))
    assert len(found["strip"]) == 3
    job = page.measure_begin({"id": voice.id}, language)["job"]
    assert answered(page.measure_done, job, language) == {"done": 1, "problems": [], "more": 0}
    assert len(page.voice_measured({"id": voice.id}, language)["measured"]["strip"]) == 18


def test_a_voice_without_measures_has_none(page: Survey) -> None:
    new = page.studio.keeping.seed("espeak", 77, "Silent so far")
    assert page.voice_measured({"id": new.id}, "en")["measured"] is None
    state = page.survey_state({}, "en")
    assert state["measured"] < state["total"]
    low, high = state["limits"]["pitch_hz"]
    assert low < high


def test_the_map_is_of_what_the_filters_let_through(page: Survey) -> None:
    assert len(page.voice_map(QUERY, "en")["points"]) == 4
    low = page.survey_state({}, "en")["limits"]["pitch_hz"][0]
    with pytest.raises(BadRequest, match="a map needs at least 3"):
        page.voice_map({**QUERY, "measures": {"pitch_hz": [None, low]}}, "en")


def test_likeness_and_duplicates(page: Survey) -> None:
    voice = page.studio.voices.get("Survey 0")
    found = answered(page.like_found, page.like_begin({"id": voice.id}, "en")["job"])
    assert voice.id not in [one["id"] for one in found["voices"]]
    assert len(found["voices"]) >= 3
    assert "groups" in answered(page.twins_found, page.twins_begin({}, "zh")["job"])


@pytest.mark.parametrize(
    "measures",
    [
        {"charm": [0, 1]},
        {"pace": 3},
        {"pace": [1]},
        {"pace": ["a", None]},
        {"pace": [True, 1]},
        {"pace": [float("nan"), 1]},
        "all",
    ],
)
def test_nonsense_for_sliders_is_refused(measures: Any) -> None:
    with pytest.raises(BadRequest):
        spans({"measures": measures})


def test_what_is_not_there(page: Survey) -> None:
    for ask in (page.measure_done, page.like_found, page.twins_found, page.survey_stop):
        with pytest.raises(NotFound, match="over and forgotten"):
            ask({"job": "nothing"}, "en")
        with pytest.raises(StudioError):
            ask({"job": 7}, "en")
    for ask in (page.voice_measured, page.measure_begin):
        with pytest.raises(NotFound):
            ask({"id": "nobody at all"}, "en")
    with pytest.raises(NotFound):
        answered(page.like_found, page.like_begin({"id": "nobody at all"}, "en")["job"])
    with pytest.raises(NotFound, match="no longer here"):
        page.like_clip({"upload": "../../etc/passwd"}, "en")
