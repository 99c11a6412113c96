"""What an exported file says about itself: that it is synthetic, who spoke, and from which recipe."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SYNTHETIC, ENGINE, VOICE, RECIPE = "timbre_synthetic", "timbre_engine", "timbre_voice", "timbre_recipe"
STATEMENT = "Synthetic speech made with Timbre Studio. 本音频由音色工坊合成，并非真人录音。"


@dataclass(frozen=True)
class Provenance:
    """What is known about a file."""

    synthetic: bool  # it carries our statement
    engine: str = ""
    voice: str = ""
    digest: str = ""  # of its recipe
    recipe: Mapping[str, Any] | None = None  # where this studio still knows it

    @property
    def tags(self) -> dict[str, str]:
        """The tags that every exported file carries."""
        return {SYNTHETIC: "yes", ENGINE: self.engine, VOICE: self.voice, RECIPE: self.digest}


def then(first: str, second: str) -> str:
    """How a step after another is written: an engine, or a voice, and what it was converted with or into."""
    return f"{first} → {second}"


def engines_of(recipe: Mapping[str, Any]) -> str:
    """Everyone who was at work on a take, in order; empty where its recipe does not say."""
    line = next(iter(recipe.get("lines", ())), recipe)
    own, source = str(line.get("engine", "")), line.get("source")
    return then(engines_of(source), own) if source else own


def read_tags(tags: Mapping[str, str]) -> Provenance:
    """The provenance in a file's tags, whichever way the container spells their keys."""
    known = {key.lower().rpartition(":")[2]: value for key, value in tags.items()}
    return Provenance(
        synthetic=known.get(SYNTHETIC, "") == "yes",
        engine=known.get(ENGINE, ""),
        voice=known.get(VOICE, ""),
        digest=known.get(RECIPE, ""),
    )
