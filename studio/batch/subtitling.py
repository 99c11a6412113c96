"""Subtitles of what is being read: each line's words as cues, with the times at which they are heard."""

from pathlib import Path

from studio.audio.drafts import Draft
from studio.production.captions import spoken_cue
from studio.production.joining import Placed
from studio.production.planning import PlannedLine
from studio.text.cues import Cue, Norms, norms_for, settled
from studio.text.subtitles import FORMATS
from studio.text.timing import cues_of


class Subtitler:
    """Gathers cues while a file is written."""

    def __init__(self, rate: int, language: str) -> None:
        """`rate` is that of the frames in which places are told."""
        self._rate = rate
        self._norms: Norms = norms_for(language)
        self._cues: list[Cue] = []

    def hear(self, line: PlannedLine, placed: Placed) -> None:
        """A line that was written."""
        words = [(word.text, word.start, word.end) for word in placed.words]
        cue = spoken_cue(line.original, "", placed.start / self._rate, placed.end / self._rate, words)
        if cue is not None:
            self._cues += cues_of(cue, norms_for(line.language))

    def write(self, path: Path, format: str) -> None:
        """The cues as a file of one of `FORMATS`; nothing half-written is left."""
        with Draft(path) as draft:
            draft.write(FORMATS[format][1](list(settled(self._cues, self._norms))).encode())
