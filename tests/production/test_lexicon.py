"""Readings that people teach: what they change of a script, and how they travel as a table."""

import pytest

from studio.errors import BadFile, BadRequest
from studio.library.lexicons import Entry
from studio.production.desk import Desk
from tests.production.tale import line, rendered, states


def test_the_lexicon_reaches_what_is_said(desk: Desk, id: str) -> None:
    rendered(desk, id)
    desk.put_words([Entry("Boat", "/buːt/", scope=id), Entry("lamp", "torch", scope=id), Entry("nothing", "x")])
    stale = {one.text for one in desk.all_lines(id) if one.state == "stale"}
    assert stale == {"“The boat is gone.”", "“The boat!”", "asked Martha. She held up the lamp."}
    spoken = desk.spoken(id, line(desk, id, "boat is gone")).plan.lines[0].spoken
    assert spoken == "“The [say boat as /buːt/] is gone.”"
    take = desk.line(id, line(desk, id, "lamp")).take
    rendered(desk, id)
    assert desk.line(id, line(desk, id, "lamp")).take != take
    assert desk.export_words(id) == "word,reading,note\nBoat,/buːt/,\nlamp,torch,\n"
    desk.drop_words(["lamp", "Boat"], id)
    assert set(states(desk, id)) == {"done"}, "the takes from before are right again"


def test_a_word_for_everywhere_reaches_every_production(desk: Desk, id: str) -> None:
    rendered(desk, id)
    desk.put_word("Boat", "/buːt/")
    assert {one.text for one in desk.all_lines(id) if one.state == "stale"} == {"“The boat is gone.”", "“The boat!”"}
    desk.drop_words(["Boat"])
    assert set(states(desk, id)) == {"done"}


def test_a_lexicon_comes_from_a_table(desk: Desk, id: str) -> None:
    assert desk.import_words("word,reading\n重庆,chong2 qing4\nMartha,Marta,a friend\n", id) == 2
    assert [(one.word, one.reading, one.note) for one in desk.words(id)] == [
        ("Martha", "Marta", "a friend"),
        ("重庆", "chong2 qing4", ""),
    ]
    with pytest.raises(BadFile, match="row 2"):
        desk.import_words("a,b\nc\n", id)
    with pytest.raises(BadRequest, match="without brackets"):
        desk.put_words([Entry("[x]", "y", scope=id)])
