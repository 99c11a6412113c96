"""The page's scripts among themselves: what one takes from another is there, and is used."""

import re
from pathlib import Path

import pytest

SCRIPTS = {path.name: path.read_text("utf-8") for path in (Path(__file__).parents[2] / "studio/ui/static").glob("*.js")}
TAKEN = re.compile(r'import \{([^}]*)\} from "\./([\w-]+\.js)";')
GIVEN = re.compile(r"export (?:async )?(?:function|const|let|class) (\w+)|export \{([^}]*)\}")


def given(script: str) -> set[str]:
    """The names that others may take."""
    found = GIVEN.findall(SCRIPTS[script])
    return {one.strip() for name, more in found for one in (name, *more.split(",")) if one.strip()}


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_what_a_script_takes_is_there_and_used(script: str) -> None:
    text = SCRIPTS[script]
    own = TAKEN.sub("", text)
    for names, source in TAKEN.findall(text):
        for name in names.split(","):
            theirs, _, ours = name.strip().partition(" as ")
            assert theirs in given(source), f"{source} has no {theirs}"
            assert re.search(rf"\b{re.escape(ours or theirs)}\b", own), f"{ours or theirs} is not used"


def test_every_script_is_read() -> None:
    assert len(SCRIPTS) > 40
    assert sum(len(TAKEN.findall(text)) for text in SCRIPTS.values()) > 100
