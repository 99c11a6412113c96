"""`library deleted` and `library empty`."""

import json

from .conftest import Run


def test_what_was_deleted_is_shown_and_removed(run: Run) -> None:
    assert run("library", "deleted").stdout == "Nothing lies deleted.\n"
    run("voices", "add", "One", "--seed", "3")
    run("voices", "delete", "One")
    (row,) = json.loads(run("library", "deleted", "--json").stdout)
    assert (row["kind"], row["count"], row["held"]) == ("voices", 1, 0)
    assert "音色\t1\t0.0\t20" in run("library", "deleted", language="zh").stdout
    assert "--yes" in run("library", "empty", code=2).stderr  # nobody sits there to be asked
    assert json.loads(run("library", "empty", "--older-than", "1", "--yes", "--json").stdout)["count"] == 0
    assert "彻底删除 1 项" in run("library", "empty", "--yes", "--strays", language="zh").stdout
    assert json.loads(run("library", "deleted", "--json").stdout) == []
