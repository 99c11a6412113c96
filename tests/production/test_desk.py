"""A script on the desk: what is rendered, what is rendered again after an edit, and what is not."""

import numpy as np
import pytest

from studio.errors import BadControl
from studio.production.desk import Desk
from studio.studio import Scope
from tests.production.tale import line, rendered, states


def test_everything_is_rendered_once(desk: Desk, id: str) -> None:
    assert rendered(desk, id) == 13
    assert set(states(desk, id)) == {"done"}
    assert rendered(desk, id) == 0
    for one in desk.all_lines(id):
        clip = desk.clip(one.take)
        assert clip.seconds == pytest.approx(one.seconds, abs=0.001)
        assert np.abs(clip.samples).max() > 0.05
    assert desk.progress(id).states == {"done": 13}
    assert desk.get(id).state == "done"


def test_an_edit_makes_one_line_stale_and_renders_that_one(desk: Desk, id: str) -> None:
    rendered(desk, id)
    before = {one.id: one.take for one in desk.all_lines(id)}
    wind = line(desk, id, "The wind rose")
    desk.change(id, [wind], text="The wind fell. Everybody slept.")
    assert [one.id for one in desk.all_lines(id) if one.state == "stale"] == [wind]
    assert rendered(desk, id) == 1
    after = {one.id: one.take for one in desk.all_lines(id)}
    assert {key for key in after if after[key] != before[key]} == {wind}


def test_settings_of_the_sound_render_nothing(desk: Desk, id: str) -> None:
    rendered(desk, id)
    desk.change_settings(id, "sound", {"paragraph_ms": 900})
    assert desk.settings(id)["sound"]["paragraph_ms"] == 900
    assert set(states(desk, id)) == {"done"}
    with pytest.raises(BadControl, match="0 to 10000"):
        desk.change_settings(id, "sound", {"paragraph_ms": -1})
    desk.change_settings(id, "reading", {"seed": 5})
    assert set(states(desk, id)) == {"stale"}


def test_one_chapter_or_from_a_line_on(desk: Desk, id: str) -> None:
    second = desk.chapters(id)[1].id
    assert rendered(desk, id, Scope(chapter=second)) == 5
    assert states(desk, id, chapter=second) == ["done"] * 5
    assert rendered(desk, id, Scope(start=line(desk, id, "Only me"))) == 3
    assert desk.progress(id).states == {"planned": 5, "done": 8}
    assert rendered(desk, id, Scope(lines=(line(desk, id, "The wind rose"),))) == 1


def test_a_line_is_asked_for_again_and_the_better_take_chosen(desk: Desk, id: str) -> None:
    rendered(desk, id)
    wind = line(desk, id, "The wind rose")
    first = desk.line(id, wind).take
    desk.again(id, [wind]).wait(60)
    takes = desk.takes(id, wind)
    assert [(take.seed, take.chosen) for take in takes] == [(1, True), (0, False)]
    desk.choose(id, wind, first)
    assert desk.line(id, wind).take == first
    assert rendered(desk, id) == 0
    desk.change(id, [wind], locked=True)
    desk.change(id, [wind], text="Something else entirely.")
    assert (rendered(desk, id), desk.line(id, wind).state, desk.line(id, wind).take) == (0, "locked", first)


def test_marks_and_pauses_inside_a_line(desk: Desk, id: str) -> None:
    wind = line(desk, id, "The wind rose")
    desk.change(id, [wind], text="[pause 400ms]One. [pause 800ms] Two.")
    rendered(desk, id)
    clip = desk.clip(desk.line(id, wind).take)
    loud = np.abs(clip.samples) > 0.01
    assert not loud[: int(0.35 * clip.rate)].any()
    quiet = np.diff(np.flatnonzero(loud)).max() / clip.rate
    assert quiet == pytest.approx(0.8, abs=0.15)
    assert desk.line(id, wind).problem == "", "a pause that was asked for is no fault"


def test_a_line_of_signs_is_silent_and_done(desk: Desk, id: str) -> None:
    wind = line(desk, id, "The wind rose")
    desk.change(id, [wind], text="……")
    assert desk.line(id, wind).state == "done"
    assert rendered(desk, id) == 12
    assert desk.line(id, wind).take == ""


def test_a_bad_mark_is_told_at_its_line_and_the_others_go_on(desk: Desk, id: str) -> None:
    wind = line(desk, id, "The wind rose")
    desk.change(id, [wind], text="Wrong [speed 99]mark[/speed].")
    found = desk.line(id, wind)
    assert found.state == "failed"
    assert found.error is not None
    assert "speed" in found.error.en
    assert rendered(desk, id) == 12
    desk.change(id, [wind], text="Right now.")
    assert desk.line(id, wind).error is None
    assert rendered(desk, id) == 1
