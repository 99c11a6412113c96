"""Every control with an id is used by a test in a browser; the list cannot get holes when the page grows."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "studio" / "ui" / "static"
BUILT = {  # what a browser test writes -> the controls it puts in
    "#batch-{field}": ["batch-style", "batch-format", "batch-polish", "batch-subtitles"],
}
ELSEWHERE = {  # an id that is put together when the page is drawn -> how a browser test takes hold of the control
    "${id}": "[data-control=",  # the rows of controls.js
    "${name}": "#voiceseed",  # the seeds of the desk
    "example-${i}": "#example-",
    "gap-${name}": "#gap-",
    "step-${step.id}": "[data-step]",
}
TAG = re.compile(r"<(?:input|select|textarea|button)\b(?:[^<>]|=>)*?(?<![\w-])id=\"([^\"]+)\"")
GIVEN = re.compile(r"[`']id=\"([\w-]+)\"")  # handed to what writes the tag


def controls() -> set[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.js"))
    return set(TAG.findall(text) + GIVEN.findall(text))


def tried() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "browser").glob("*.py"))


def named(id: str, text: str) -> bool:
    return re.search(rf"#{re.escape(id)}(?![\w-])", text) is not None


def test_every_control_is_used_in_a_browser() -> None:
    text, built = tried(), {id for ids in BUILT.values() for id in ids}
    plain = {id for id in controls() if "$" not in id}
    assert len(plain) > 120, "the pattern finds them"
    assert sorted(id for id in plain - built if not named(id, text)) == []


def test_what_is_named_in_another_way_still_is() -> None:
    text, found = tried(), controls()
    for way, ids in BUILT.items():
        assert way in text
        assert [id for id in ids if id not in found or named(id, text)] == [], "no exception is needed any more"
    assert {id for id in found if "$" in id} == set(ELSEWHERE)
    assert [way for way in ELSEWHERE.values() if way not in text] == []
