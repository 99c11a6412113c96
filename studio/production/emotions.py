"""From an emotion to what an engine can do about it.

A label of a recogniser, or of a line in a script, becomes the first of these that there is: a clip of the voice in
that mood, a mark around the text (`[emotion happy]…[/emotion]`), a style of that name (`presets/happy.toml`), nothing.
The guide has the table.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from studio.engines.contract import EngineSpec, How
from studio.text.declarations import EMOTIONS


@dataclass(frozen=True)
class Way:
    """How an engine shows an emotion."""

    kind: Literal["clip", "mark", "style", "nothing"]
    style: str = ""
    before: str = ""  # what goes around the text
    after: str = ""

    def around(self, text: str) -> str:
        return f"{self.before}{text}{self.after}"


def way_to(emotion: str, spec: EngineSpec, styles: Collection[str], clips: Collection[str] = ()) -> Way:
    """`styles` are the names of those that the engine can use, `clips` the emotions that the voice has a clip for.

    An emotion that nobody knows is nothing."""
    support = spec.marks.get("emotion")
    if emotion in clips:
        return Way("clip", before=f"[emotion {emotion}]", after="[/emotion]")
    if emotion in EMOTIONS and emotion != "neutral" and support and support.how is not How.IGNORED:
        return Way("mark", before=f"[emotion {emotion}]", after="[/emotion]")
    return Way("style", emotion) if emotion in styles else Way("nothing")
