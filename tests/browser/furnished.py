"""A library as somebody leaves it who has worked for a while: what a walk over every page needs to see something.

All that people write themselves is written here in a language nobody speaks, whose words begin with "zo": so whoever
looks for words of the wrong language on a page knows what is the user's own.
"""

import shutil
from pathlib import Path

import numpy as np
import soundfile

from studio.studio import Begun, ConvertRequest, Member, SpeakRequest, Studio, VoiceChange

OWN = r"\b(seed:)?zo\w*(\.(txt|md|srt|wav))?"
SENSEVOICE = Path(__file__).parents[1] / "parity" / "sensevoice" / "tiny"
CHATTTS = Path(__file__).parents[1] / "parity" / "chattts" / "tiny"
SCRIPT = "# Zorito\n\nZoma::Zoti zora zoli.\nZomi (sad)::Zora zoti, zo zola?\nZoma::Zonk zo.\nZora::Zoti zi.\n"
TALE = "# Zorito\n\n## Zola\n\nZoti zora zoli.\n\nZonk zora zo.\n\n## Zoli\n\nZora zoti zo. Zola zonk.\n"
CUES = (
    "1\n00:00:01,000 --> 00:00:03,000\nZoma: Zoti zora.\n\n"
    "3\n00:00:02,500 --> 00:00:03,000\nZomi: Zora zoti zo zola zoti zoli zonk zora zoti zorito zolanda zora.\n"
)


def installed(folder: Path, cosyvoice: Path) -> Path:
    """A folder of models in which one engine of each kind is ready: the small checkpoints of the tests."""
    shutil.copytree(SENSEVOICE, folder / "sensevoice")
    shutil.copytree(CHATTTS, folder / "chattts")
    (folder / "cosyvoice2").symlink_to(cosyvoice)
    return folder


def furnish(studio: Studio, folder: Path) -> dict[str, str]:
    """Voices, a style, takes, scripts, a dub, a batch and a key; where the pages of the longer works are, by name."""
    (folder / "zotale.md").write_text(TALE, "utf-8")
    first = studio.speak(SpeakRequest("Zoti zora zoli.")).wait(30)
    studio.speak(SpeakRequest("Zora zoti zo. Zonk.", voice="f2")).wait(30)
    studio.takes.note(first.digest, "Zonote")
    studio.voices.update(studio.keeping.of_take(first.digest, "Zokept").id, VoiceChange(controls={"speed": 1.2}))
    _voices(studio, folder)
    studio.keep_style("Zostyle", "espeak", {"speed": 1.2})
    studio.keys.add("Zokey")
    studio.convert(folder / "zotale.md", ConvertRequest(format="mp3")).wait(60)
    _batch(studio, folder)
    return {"script": _script(studio, folder), "dub": _dub(studio, folder)}


def _voices(studio: Studio, folder: Path) -> None:
    """From seeds, mixed, cloned without consent; three of them measured, so that there is a map."""
    seeds = [studio.keeping.seed("espeak", n, f"Zovoice {'abc'[n]}", tags=("zotag",), rating=n) for n in range(3)]
    studio.keeping.blend("espeak", {seeds[0].id: 1, seeds[1].id: 1}, "Zoblend", notes="Zonote", description="Zoabout")
    studio.survey.measure([voice.id for voice in seeds], quick=True).wait(60)
    studio.keeping.seed("chattts", 2, "Zochat")
    said = studio.cache.load(
        studio.speak(SpeakRequest("Zoti zora zoli zonk, zora zoti zo zola. Zonk!")).wait(60).digest
    )
    soundfile.write(folder / "zoclip.wav", np.concatenate([said.samples, said.samples]), said.rate)
    clone = studio.cloning.clone(folder / "zoclip.wav", "Zoclone", "cosyvoice2", transcript="Zoti zora.")
    studio.cloning.add_reference(clone.id, "sad", folder / "zoclip.wav", transcript="Zoti.")


def _script(studio: Studio, folder: Path) -> str:
    """A script that was rendered but for one part, whose voice is gone."""
    (folder / "zoscript.txt").write_text(SCRIPT, "utf-8")
    id = studio.scripts.begin(folder / "zoscript.txt", Begun(title="Zorito", author="Zoauthor")).id
    gone = studio.keeping.seed("espeak", 77, "Zogone")
    studio.scripts.cast(id, [Member("Zora", voice=gone.id), Member("Zomi", voice="f2")])
    studio.cloning.delete(gone.id)
    studio.scripts.render(id).wait(60)
    studio.scripts.export(id, "podcast").wait(60)
    studio.scripts.put_word("Zonk", "zank", id)
    return id


def _dub(studio: Studio, folder: Path) -> str:
    (folder / "zocues.srt").write_text(CUES, "utf-8")
    id = studio.dubbing.begin(folder / "zocues.srt").id
    studio.dubbing.render(id).wait(60)
    studio.dubbing.export(id).wait(60)
    return id


def _batch(studio: Studio, folder: Path) -> None:
    """Two files, one of which cannot be read."""
    (folder / "zoa.txt").write_text("Zoti zora.\n", "utf-8")
    (folder / "zob.txt").write_text("", "utf-8")
    files = [(name, folder / name) for name in ("zoa.txt", "zob.txt")]
    studio.batches.begin(studio.batches.order_of_uploads(files, ConvertRequest(format="mp3"))).wait(60)
