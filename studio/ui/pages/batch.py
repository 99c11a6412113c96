"""The Batch page: many files or a folder, looked at, begun, followed, fetched. It goes on without the page."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

from studio.errors import BadRequest, NotFound
from studio.studio import ConvertRequest, Job, Studio
from studio.ui import asked as take
from studio.ui import describe
from studio.ui.pages import speak
from studio.ui.pages.parts import component
from studio.ui.strings import STRINGS, say
from studio.ui.uploads import Uploads, plain_name

EXAMPLE = Path(__file__).parents[3] / "assets" / "examples" / "batch"
MOST_UPLOADS = 5_000  # files of one batch by the page
LOOKS = 8  # dry runs that are remembered
SHOWN_FILES = 500  # of a dry run; the bad ones first
PAGE = 50  # files of a batch that are shown together
ACTS = ("pause", "resume", "retry", "cancel", "delete")


def build(studio: Studio, local: bool = False) -> None:
    """Put the page into the Blocks that is being made. `local`: folders of this machine may be named."""
    shelf = Questions(studio, local)
    questions = [shelf.batch_told, shelf.batch_look, shelf.batch_looked, shelf.batch_begin, shelf.batches_shown]
    component("batch", [*questions, shelf.batch_rows, shelf.batch_act, shelf.batch_voice, shelf.batch_voices])


class Questions:
    """What the script of this page may ask; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio, local: bool) -> None:
        self.studio, self.local = studio, local
        self.uploads = Uploads(studio.folder.path)
        desk = speak.Questions(studio)
        self._voice_shown, self._voices_offered = desk.voice_shown, desk.voices_offered
        self._looks: OrderedDict[str, Job[Any]] = OrderedDict()

    def batch_voice(self, asked: dict[str, Any], language: str) -> Any:
        return self._voice_shown(asked, language)

    def batch_voices(self, asked: dict[str, Any], language: str) -> Any:
        return self._voices_offered(asked, language)

    def batch_told(self, asked: dict[str, Any], language: str) -> Any:
        """What may be dropped, and what can be written beside."""
        suffixes = self.studio.batches.suffixes()
        subtitles = self.studio.batches.subtitle_formats()
        return {
            "local": self.local,
            "accept": ",".join([*suffixes, ".json"]),
            "suffixes": ", ".join(one.lstrip(".") for one in suffixes),
            "subtitles": [["", say("batch.none", language)], *([name, name.upper()] for name in subtitles)],
            "example": [one.name for one in _examples()],
        }

    def batch_look(self, asked: dict[str, Any], language: str) -> Any:
        """Begin a dry run."""
        job = self.studio.batches.look(self._order(asked))
        self._looks[job.id] = job
        while len(self._looks) > LOOKS:
            self._looks.popitem(last=False)[1].stop()
        return {"id": job.id}

    def batch_looked(self, asked: dict[str, Any], language: str) -> Any:
        """How far it is, or what it found."""
        job = self._looks.get(take.text(asked, "id"))
        if job is None:
            raise NotFound("this dry run is over; begin it again", "这次预演已过期；请重新开始", where="id")
        try:
            return preview(job.wait(0.2), language)
        except TimeoutError:
            return {"progress": job.progress}

    def batch_begin(self, asked: dict[str, Any], language: str) -> Any:
        order = self._order(asked)
        return {"id": self.studio.batches.begin(order, unattended=True, copied="folder" not in asked).id}

    def batches_shown(self, asked: dict[str, Any], language: str) -> Any:
        return [self._card(one, language) for one in self.studio.batches.find()[:100]]

    def batch_rows(self, asked: dict[str, Any], language: str) -> Any:
        """A page of the files of a batch."""
        record = self.studio.batches.record(take.text(asked, "id"))
        job = self.studio.batches.job(record.id)
        working = job.working() if job and not job.over else {}
        page = max(1, take.whole(asked, "page", 1))
        found, total = record.rows(take.text(asked, "state"), page, PAGE)
        rows = []
        for item, outcome in found:
            state = "working" if item.number in working and outcome.state == "waiting" else outcome.state
            rows.append(
                {
                    "number": item.number,
                    "name": item.name,
                    "output": item.output,
                    "voice": outcome.voice or record.order.request(item).voice,
                    "state": state,
                    "word": say(f"batch.file.{state}", language),
                    "progress": working.get(item.number, 0.0),
                    "length": describe.clock(outcome.seconds) if outcome.seconds else "",
                    "loudness": _loudness(outcome.loudness_lufs),
                    "made": outcome.state in ("done", "kept"),
                    "error": outcome.trouble.words.text(language) if outcome.trouble else "",
                }
            )
        return {"rows": rows, "page": page, "pages": max(1, -(-total // PAGE)), "total": total}

    def batch_act(self, asked: dict[str, Any], language: str) -> Any:
        """Pause, go on, try again, cancel, delete."""
        act = take.text(asked, "act")
        if act not in ACTS:
            raise BadRequest(
                f"act “{act}”: takes {', '.join(ACTS)}", f"操作“{act}”：可选 {'、'.join(ACTS)}", where="act"
            )
        getattr(self.studio.batches, act)(take.text(asked, "id"))
        return True

    def _order(self, asked: dict[str, Any]) -> Any:
        """What the form says. Of this machine only uploads can be named, or a folder where that is safe."""
        common = ConvertRequest(
            engine=take.text(asked, "engine", "espeak"),
            voice=take.text(asked, "voice"),
            style=take.text(asked, "style"),
            controls=take.table(asked, "controls"),
            polish=take.text(asked, "polish", "off"),
            format=take.text(asked, "format", "mp3"),
            into=take.text(asked, "into"),
            converter=take.text(asked, "converter"),
        )
        subtitles = [one] if (one := take.text(asked, "subtitles")) else []
        over = take.switch(asked, "over", False)
        batches = self.studio.batches
        if "folder" in asked:
            source, out = self._folders(asked)
            if out is not None:
                return batches.order([source], out, common, subtitles=subtitles, over=over)
            kept = batches.place()
            return batches.order([source], kept, common, subtitles=subtitles, over=over)
        return batches.order_of_uploads(self._files(asked), common, subtitles=subtitles, over=over)

    def _folders(self, asked: dict[str, Any]) -> tuple[str, Path | None]:
        if not self.local:
            words = STRINGS["batch.notlocal"]
            raise BadRequest(words.en, words.zh, where="folder")
        source, out = take.text(asked, "folder").strip(), take.text(asked, "out").strip()
        for named in (source, out or source):
            if not Path(named).expanduser().is_absolute():
                raise BadRequest(
                    f"“{named}”: write the whole path, from the root", f"“{named}”：请写完整路径", where="folder"
                )
        return str(Path(source).expanduser()), Path(out).expanduser() if out else None

    def _files(self, asked: dict[str, Any]) -> list[tuple[str, Path]]:
        """The uploads by their names and tickets, or the shipped example."""
        if asked.get("example") is True:
            return [(one.name, one) for one in _examples()]
        given = asked.get("files")
        sound = isinstance(given, list) and all(
            isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one) for one in given
        )
        if not sound or not given or len(given) > MOST_UPLOADS:
            raise BadRequest(
                f"files: takes 1 to {MOST_UPLOADS:,} uploads; use the command line for more",
                f"files：应为 1 到 {MOST_UPLOADS:,} 个上传的文件；更多请用命令行",
                where="files",
            )
        return [(_name(name), self.uploads.path(ticket)) for name, ticket in given]

    def _card(self, record: Any, language: str) -> dict[str, Any]:
        job, tally, state = self.studio.batches.job(record.id), record.tally, record.state
        running = job is not None and not job.over
        state = "running" if running else state
        common = record.common
        trouble = record.trouble if state == "paused" else None
        return {
            "id": record.id,
            "title": record.title,
            "created": record.created.isoformat(),
            "facts": describe.joined(
                say("batch.count", language, n=f"{tally.files:,}"), common.format.upper(), common.voice
            ),
            "state": state,
            "word": say(f"batch.state.{state}", language),
            "running": state == "running",
            "ours": running,
            "progress": job.progress if running and job else (tally.files - tally.waiting) / max(1, tally.files),
            "seconds_left": job.seconds_left if running and job else None,
            "files": tally.files,
            "done": tally.done,
            "failed": tally.failed,
            "cancelled": tally.cancelled,
            "waiting": tally.waiting,
            "seconds": tally.seconds,
            "trouble": trouble.words.text(language) if trouble else "",
            "notes": [note.text(language) for note in record.notes],
        }


def preview(found: Any, language: str) -> dict[str, Any]:
    """A dry run, for the page."""
    files = sorted(found.files, key=lambda one: (one.sight != "bad", one.number))[:SHOWN_FILES]
    return {
        "good": found.good,
        "counts": dict(found.counts),
        "seconds": found.seconds,
        "wall_s": found.wall_s,
        "rooms": [{"needed": room.needed, "free": room.free, "enough": room.enough} for room in found.rooms],
        "notes": [note.text(language) for note in found.order.notes],
        "more": len(found.files) - len(files),
        "files": [
            {
                "name": one.name,
                "voice": one.voice,
                "length": describe.clock(one.seconds) if one.seconds else "",
                "sight": one.sight,
                "word": say(f"batch.sight.{one.sight}", language),
                "error": one.trouble.words.text(language) if one.trouble else "",
            }
            for one in files
        ],
    }


def _examples() -> list[Path]:
    return sorted(EXAMPLE.glob("*.txt"))


def _name(name: str) -> str:
    """A name with its folders, none of which leads anywhere else."""
    return "/".join(plain_name(part) for part in name.replace("\\", "/").split("/")[-8:] if part.strip(". "))


def _loudness(lufs: float | None) -> str:
    return "" if lufs is None else f"{lufs:.1f} LUFS".replace("-", "−")
