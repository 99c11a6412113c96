"""A dub into files: the sound, or a film with it, subtitles and the report beside it. Whole or not at all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from studio.audio.clip import Clip, Samples
from studio.audio.files import blocks, probe
from studio.audio.panning import filling
from studio.audio.writing import Tags, Writer, check_target
from studio.dubbing.fitting import Fit, Rules
from studio.dubbing.shapes import Shape
from studio.dubbing.sounding import Background, Placed, heard_at, mixed, timeline
from studio.errors import BadFile, NotFound
from studio.library.script import Line, Member
from studio.production.exports import write_text
from studio.production.jobs import Job
from studio.production.pipeline import ahead
from studio.production.provenance import STATEMENT, Provenance
from studio.text.cues import Cue
from studio.text.scan import without_marks
from studio.text.subtitles import FORMATS
from studio.text.timing import Known, timed
from studio.words import Words

BLOCKS_AHEAD = 8
VOICES_NAMED = 8  # in the tag that says who speaks


@dataclass(frozen=True)
class DubCue:
    """A cue of a dub: its line, and how the take of it fits."""

    number: int  # from 1, in the order of time
    line: Line
    fit: Fit

    def row(self) -> dict[str, Any]:
        """As a report has it."""
        line = self.line
        return {"number": self.number, "speaker": line.speaker, "text": line.text, **self.fit.to_json()}


@dataclass(frozen=True)
class Material:
    """A dub as it is written."""

    title: str
    language: str
    cues: Sequence[DubCue]
    shapes: Mapping[str, Shape]  # of the takes that are heard
    members: Mapping[str, Member]  # who speaks: at what level, and where
    rules: Rules
    settings: Mapping[str, Any]
    rate: int
    load: Callable[[str], Clip]
    words: Callable[[str], Known]  # of a take, in its own time; nothing where its engine tells none
    engines: tuple[str, ...]
    voices: tuple[str, ...]
    recipe: str
    channels: int = 1

    def placed(self) -> list[Placed]:
        """What is heard."""
        return [self.place(cue.line, cue.fit) for cue in self.cues if cue.fit.length]

    def place(self, line: Line, fit: Fit) -> Placed:
        """A cue as it sounds."""
        member = self.members.get(line.speaker) or Member(line.speaker)
        return Placed(line.take, self.shapes[line.take], fit, self.rules.pause_s, member.gain_db, member.pan)


@dataclass(frozen=True)
class Dubbed:
    """What came out."""

    path: Path
    seconds: float
    beside: tuple[Path, ...]  # subtitles
    channels: int = 1
    flags: Mapping[str, int] = field(default_factory=dict)


def check_targets(target: Path, background: Path | None, video: Path | None, subtitles: Sequence[str]) -> None:
    """Refuse before any work what cannot be written or mixed. `BadFile`, `NotFound`."""
    for name in subtitles:
        if name not in FORMATS:
            raise NotFound.among(Words("subtitle format", "字幕格式"), name, list(FORMATS), where="subtitles")
    if video is not None:
        from studio.dubbing.film import check_film, has_sound

        check_film(video, target)
        if background == video and not has_sound(video):
            raise BadFile(
                f"{video.name}: the film has no sound to keep under the speech; leave the background out",
                f"{video.name}：视频没有声音，无法作为背景；请去掉背景",
                where="background",
            )
    else:
        from studio.audio.formats import format_for

        format_for(target)
        check_target(target)
    if background is not None and background != video:
        probe(background)


def write(
    material: Material,
    target: Path,
    job: Job[Any],
    background: Path | None = None,
    video: Path | None = None,
    keep_sound: bool = False,
    subtitles: Sequence[str] = (),
) -> Dubbed:
    """Write the dub to `target`, and subtitles of the formats named beside it."""
    end = max(_ends(material.cues), default=0.0)
    line = timeline(material.placed(), material.load, material.rate, end, material.channels)
    under = _background(material, background) if background else None
    job.total, seconds = max(0.01, line.seconds), 0.0

    def sound() -> Iterator[Samples]:
        nonlocal seconds
        with closing(ahead(mixed(line, under), BLOCKS_AHEAD)) as belt:
            for block in belt:
                job.stopping.check()
                seconds += len(block) / material.rate
                job.done = min(job.total, seconds)
                yield block

    if video is None:
        with Writer(target, material.rate, tags=_tags(material), channels=material.channels) as writer:
            for block in sound():
                writer.write(block)
    else:
        from studio.dubbing.film import write_film

        tags = {"title": material.title, "comment": STATEMENT, **_provenance(material).tags}
        write_film(video, target, sound(), material.rate, tags, material.channels, keep_sound=keep_sound)
    beside = [_subtitles(material, target, name) for name in subtitles]
    return Dubbed(target, seconds, tuple(beside), material.channels, _counted(material))


def shown(material: Material, line: Line, fit: Fit) -> Cue:
    """A cue as it is shown, with the times of its words; one that is spoken past its end stays on the screen."""
    start = line.start or 0.0
    cue = Cue(start, max(line.finish or start, fit.end), line.text, line.speaker)
    known = material.words(line.take) if fit.length and without_marks(line.text) == line.text else ()
    if not known:
        return cue
    at = heard_at(material.place(line, fit))
    heard = [(word, at(low), at(high)) for word, low, high in known]
    return replace(cue, words=timed(line.text, start, fit.end, heard))


def _subtitles(material: Material, target: Path, format: str) -> Path:
    path = target.with_suffix(f".{format}")
    cues = [shown(material, cue.line, cue.fit) for cue in material.cues if cue.line.start is not None]
    write_text(path, FORMATS[format][1](cues))
    return path


def _ends(cues: Sequence[DubCue]) -> Iterator[float]:
    return (cue.line.finish or 0.0 for cue in cues)


def _background(material: Material, path: Path) -> Background:
    level, duck = float(material.settings["background_db"]), float(material.settings["duck_db"])
    return Background(partial(_heard, path, material.rate, material.channels), level, duck)


def _heard(path: Path, rate: int, channels: int) -> Iterator[Samples]:
    """A background track: mixed to one channel, or with its own two sides at the loudness it has in one."""
    if channels == 1:
        yield from blocks(path, rate)
    else:
        yield from map(filling, blocks(path, rate, channels=min(channels, probe(path).channels)))


def _counted(material: Material) -> Mapping[str, int]:
    from studio.dubbing.fitting import counted

    return counted([cue.fit for cue in material.cues])


def _provenance(material: Material) -> Provenance:
    return Provenance(True, ", ".join(material.engines), ", ".join(material.voices[:VOICES_NAMED]), material.recipe)


def _tags(material: Material) -> Tags:
    return Tags(title=material.title, language=material.language, comment=STATEMENT, extra=_provenance(material).tags)
