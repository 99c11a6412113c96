"""Recordings into transcripts: a job that can be watched while it listens, and what it is written out as."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from studio.audio.drafts import Draft
from studio.audio.files import blocks, probe
from studio.errors import NotFound
from studio.plugins import translated
from studio.production.jobs import Job
from studio.recognition.contract import RATE, Listening, Recogniser, Segment, Transcript
from studio.recognition.listening import BLOCK_S, listen
from studio.recognition.sensevoice.tagged import rich
from studio.text.cues import Cue, cut, norms_for, settled
from studio.text.subtitles import FORMATS as SUBTITLES
from studio.words import Words

Editing = Callable[[Transcript], str]


class Transcription(Job[Transcript]):
    """One recording being listened to. `segments` grows while it runs."""

    def __init__(self, path: Path, recogniser: Recogniser, how: Listening, name: str = "") -> None:
        """`BadFile` for what is no sound, `BadRequest` for a language that the recogniser does not know."""
        self.recogniser, self.how = recogniser, how
        recogniser.spec.check(how)
        seconds = probe(path).seconds
        self._path, self._segments = path, list[Segment]()
        super().__init__(lambda job: self._listen(), title=name or path.name)
        self.total = seconds

    @property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(self._segments)

    def transcript(self, segments: Iterable[Segment] | None = None) -> Transcript:
        """What was heard so far, or the segments as somebody has edited them."""
        spec = self.recogniser.spec
        chosen = self.segments if segments is None else tuple(segments)
        return Transcript(self.title, self.total, spec.id, spec.version, chosen)

    def correct(self, number: int, text: str) -> None:
        """Another text for a segment; exports have it from now on."""
        if not 0 <= number < len(self._segments):
            raise NotFound(f"segment {number}: there is no such segment", f"没有第 {number} 段", where="number")
        self._segments[number] = edited(self._segments[number], text)

    def _listen(self) -> Transcript:
        def behind(seconds: float) -> None:
            self.done = min(seconds, self.total) if self.total else seconds

        sound = blocks(self._path, RATE, BLOCK_S)
        with translated(self.recogniser.spec.id):
            for segment in listen(self.recogniser, sound, self.how, self.stopping, behind):
                self._segments.append(segment)
        self.total = max(self.total, self.done)
        self.done = self.total
        return self.transcript()


def cues(transcript: Transcript) -> list[Cue]:
    """The transcript as subtitles, by the norms of reading of each segment's language."""
    found: list[Cue] = []
    for segment in transcript.segments:
        norms = norms_for(segment.language)
        if segment.words:
            found += cut(segment.words, segment.end, norms)
        elif segment.text:
            found.append(Cue(segment.start, segment.end, segment.text))
    return list(settled(found, norms_for(transcript.language)))


def edited(segment: Segment, text: str) -> Segment:
    """The segment with another text. Its words stay only where they still make up the text."""
    same = "".join(text.split()) == "".join(word.text for word in segment.words)
    return replace(segment, text=text.strip(), words=segment.words if same else ())


def _subtitles(name: str) -> Editing:
    return lambda transcript: SUBTITLES[name][1](cues(transcript))


FORMATS: dict[str, tuple[Words, Editing]] = {
    "txt": (Words("plain text", "纯文本"), lambda transcript: transcript.text + "\n"),
    "rich": (
        Words("text with emoji for emotion and events", "带情感与事件表情的文本"),
        lambda transcript: rich(transcript.segments) + "\n",
    ),
    "json": (
        Words("everything, for programs", "完整结果（JSON）"),
        lambda transcript: json.dumps(transcript.to_json(), ensure_ascii=False, indent=2) + "\n",
    ),
    **{name: (words, _subtitles(name)) for name, (words, _) in SUBTITLES.items() if name != "json"},
}
SUFFIXES = {"rich": ".rich.txt"}  # of files; the others end in their own name
KIND = Words("format", "格式")


def written(transcript: Transcript, format: str) -> str:
    """A transcript in a format of `FORMATS`; `NotFound` names the nearest."""
    if format not in FORMATS:
        raise NotFound.among(KIND, format, FORMATS, where="format")
    return FORMATS[format][1](transcript)


def write(transcript: Transcript, path: Path, format: str) -> None:
    """The transcript into a file, whole or not at all. `DiskFull`, `NotWritable`."""
    text = written(transcript, format)
    with Draft(path) as file:
        file.write(text.encode())


def write_emotions(transcripts: Sequence[Transcript], path: Path) -> None:
    """A table (CSV) with the language and the probability of every emotion of each recording."""
    labels = sorted({label for one in transcripts for label, _ in one.emotions})
    rows = io.StringIO()
    writer = csv.writer(rows)
    writer.writerow(["file", "seconds", "language", "emotion", *labels, "text"])
    for one in transcripts:
        chances = dict(one.emotions)
        likeliest = one.emotions[0][0] if one.emotions else ""
        cells = [f"{chances.get(label, 0.0):.4f}" for label in labels]
        writer.writerow([one.source, f"{one.seconds:.3f}", one.language, likeliest, *cells, one.text])
    with Draft(path) as file:
        file.write(rows.getvalue().encode("utf-8-sig"))  # spreadsheets take it for UTF-8 only with the mark
