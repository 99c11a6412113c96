"""A production as tracks: one file a speaker, all of one length, and labels that say who speaks when.

The labels are Audacity's: start, end and text in tab-separated lines
(https://manual.audacityteam.org/man/importing_and_exporting_labels.html).
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from studio.audio.clip import Clip, Samples
from studio.audio.panning import spread
from studio.audio.tags import file_name
from studio.audio.timeline import Timeline
from studio.audio.writing import Tags, Writer
from studio.library.script import Line
from studio.production.assembling import Assembler, Placed, Scene, assembled
from studio.production.exports import Material, write_text
from studio.production.provenance import STATEMENT

NARRATOR = "narrator"


def write_stems(material: Material, folder: Path, *, stereo: bool = False) -> list[Path]:
    """A WAV for each speaker and `labels.txt`, in `folder`; what was written.

    `stereo`: each track has two channels, its speaker where the cast puts them.
    """
    sound = {**material.scene.sound, "room_tone": False}
    scene = Scene(material.scene.rate, sound, material.scene.members)  # tracks are dry: no music, no room
    assembler = Assembler(scene)
    length = 0
    for block in assembled(_lines(material), scene, material.load, assembler):
        length += len(block)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    speakers = dict.fromkeys(placed.line.speaker for placed in assembler.placed)
    for number, speaker in enumerate(speakers, 1):
        path = folder / f"{number:02} {file_name(speaker or NARRATOR)}.wav"
        own = [placed for placed in assembler.placed if placed.line.speaker == speaker]
        tags = Tags(title=speaker or NARRATOR, album=material.title, comment=STATEMENT)
        member = scene.members.get(speaker)
        pan = member.pan if member else 0.0
        with Writer(path, scene.rate, tags=tags, channels=2 if stereo else 1) as writer:
            for block in _track(material, own, assembler, length):
                writer.write(spread(block, pan) if stereo else block)
        written.append(path)
    labels = folder / "labels.txt"
    write_text(labels, "".join(_label(placed, scene.rate) for placed in assembler.placed))
    return [*written, labels]


def _lines(material: Material) -> Iterator[tuple[int, Line]]:
    for number, chapter in enumerate(material.chapters):
        for line in material.lines(chapter):
            yield number, line


def _track(material: Material, own: list[Placed], assembler: Assembler, length: int) -> Iterator[Samples]:
    """One speaker's lines where they are in the whole, silence between them."""
    timeline = Timeline(material.scene.rate)
    for placed in own:
        timeline.place_lazy(placed.start, placed.end - placed.start, partial(_sound, material, assembler, placed.line))
    at = 0
    for block in timeline.blocks():
        at += len(block)
        yield block
    while at < length:
        size = min(1 << 16, length - at)
        at += size
        yield np.zeros(size, np.float32)


def _sound(material: Material, assembler: Assembler, line: Line) -> Clip:
    return assembler.cut(line, material.load(line))


def _label(placed: Placed, rate: int) -> str:
    words = " ".join(placed.line.text.split())[:120]
    return f"{placed.start / rate:.6f}\t{placed.end / rate:.6f}\t{placed.line.speaker or NARRATOR}: {words}\n"
