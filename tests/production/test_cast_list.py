"""Who speaks: a new voice reaches the lines of its speaker and no others, and one that is gone is told."""

from studio.library.script import Member
from studio.production.desk import Desk
from studio.studio import Studio
from tests.production.tale import line, rendered


def test_a_new_voice_renders_that_speaker_only(desk: Desk, id: str) -> None:
    rendered(desk, id)
    desk.cast(id, [Member("Martha", "espeak", "f5")])
    assert {one.speaker for one in desk.all_lines(id) if one.state == "stale"} == {"Martha"}
    assert rendered(desk, id) == 3
    desk.cast(id, [Member("", "espeak", "m7")])  # the others have voices of their own
    assert {one.speaker for one in desk.all_lines(id) if one.state == "stale"} == {""}


def test_a_cast_with_a_deleted_voice_says_so(studio: Studio, desk: Desk, id: str) -> None:
    voice = studio.keeping.blend("espeak", {"f2": 1, "m3": 1}, "Gone")
    desk.cast(id, [Member("Martha", "espeak", voice.id)])
    assert rendered(desk, id) == 13
    studio.voices.delete([voice.id])
    desk.change(id, [line(desk, id, "Look")], text="“Look there!”")
    assert set(desk.missing(id)) == {"Martha"}
    failed = desk.line(id, line(desk, id, "Look"))
    assert (failed.state, failed.error is not None) == ("failed", True)
    assert rendered(desk, id) == 0
    desk.cast(id, [Member("Martha", "espeak", "f2")])
    assert desk.missing(id) == {}
    assert rendered(desk, id) == 3
