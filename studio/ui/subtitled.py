"""What the page needs to offer subtitles for download: the formats, and the finished files whose lines are known."""

from typing import Any

from studio.studio import Studio


def formats(studio: Studio, language: str) -> list[list[str]]:
    """Each with its name in the reader's language."""
    return [[name, words.text(language)] for name, words in studio.subtitles.formats().items()]


def subtitled(studio: Studio, id: str, language: str) -> dict[str, Any]:
    """The names of the finished files in their order, and the formats."""
    names = [path.name for path in studio.subtitles.files(id)]
    return {"names": names, "formats": formats(studio, language) if names else []}
