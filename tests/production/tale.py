"""A short story to produce, and what tests ask of its script."""

from studio.library.script import LineQuery
from studio.production.desk import Desk
from studio.studio import Scope

TALE = """# The Lighthouse

## Chapter 1. The Storm

The wind rose. Nobody slept that night.

“Who is there?” asked Martha. She held up the lamp.

“Only me,” said Old Tom. “The boat is gone.”

## Chapter 2. The Morning

The sea was calm again. Martha opened the window.

“Look!” she cried. “The boat!”
"""


def states(desk: Desk, id: str, **query: str) -> list[str]:
    return [line.state for line in desk.all_lines(id, LineQuery(**query))]  # type: ignore[arg-type]


def line(desk: Desk, id: str, words: str) -> str:
    """The id of the one line with these words."""
    (found,) = desk.lines(id, LineQuery(text=words)).items
    return str(found.id)


def rendered(desk: Desk, id: str, scope: Scope = Scope()) -> int:  # noqa: B008 (frozen)
    """Render; how many lines were."""
    job = desk.render(id, scope)
    job.wait(60)
    return job.rendered
