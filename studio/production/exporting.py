"""Takes as files: any format, polished if wanted, always with the tags that say what they are."""

from collections.abc import Mapping
from pathlib import Path

from studio.audio.clip import Clip
from studio.audio.formats import format_for
from studio.audio.polish import polish
from studio.audio.writing import Tags, Writer, encode
from studio.library import Library, Take
from studio.production.provenance import STATEMENT, Provenance, engines_of

POLISH = "timbre_polish"  # tag: the preset that was applied after the recipe


def tags_of(library: Library, take: Take, preset: str = "off") -> Tags:
    """The tags of one take's file."""
    recipe = library.takes.details(take.digest).recipe
    provenance = Provenance(True, engines_of(recipe) or take.engine, take.voice_label, take.digest)
    extra: Mapping[str, str] = provenance.tags | ({POLISH: preset} if preset != "off" else {})
    return Tags(
        title=take.excerpt, artist=take.voice_label, language=take.language, comment=STATEMENT, extra=dict(extra)
    )


def export(library: Library, take: Take, path: Path, preset: str = "off", bitrate: int | None = None) -> None:
    """Write the take to `path`, in the format its name says."""
    format_for(path)
    clip = _clip(library, take, preset)
    with Writer(path, clip.rate, tags=tags_of(library, take, preset), bitrate=bitrate) as writer:
        writer.write(clip.samples)


def export_bytes(library: Library, take: Take, format: str, preset: str = "off") -> bytes:
    """The take as the bytes of a file."""
    return encode(_clip(library, take, preset), format, tags_of(library, take, preset))


def _clip(library: Library, take: Take, preset: str) -> Clip:
    clip = library.cache.load(take.digest)
    return clip if preset == "off" else polish(clip, preset)
