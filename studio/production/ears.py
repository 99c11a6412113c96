"""What the studio hears: recordings into transcripts, takes and voices heard again. It is the facade's `listening`."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.audio.files import read_bytes
from studio.errors import BadRequest, NotFound
from studio.library import Library, Take
from studio.production import readback, transcribing
from studio.production.gates import Problem
from studio.production.planning import SpeakRequest
from studio.recognition.contract import Listening, Transcript, Word
from studio.recognition.registry import Recognisers, RecogniserState
from studio.settings import Settings
from studio.text.scan import without_marks
from studio.weights import WeightStore
from studio.words import Words

REMEMBERED = 32  # transcriptions that can still be asked for


class Ears:
    """The recognisers over one library. Every method may be called from any thread."""

    def __init__(
        self, library: Library, weights: WeightStore, speak: Callable[[SpeakRequest], Take], settings: Settings
    ) -> None:
        """`speak` says a sentence with a voice that has no clip to listen to."""
        self._library, self._speak = library, speak
        self.recognisers = Recognisers(weights, settings=settings)
        self._transcriptions: OrderedDict[str, transcribing.Transcription] = OrderedDict()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Stop what runs and let the models go."""
        running = list(self._transcriptions.values())
        for job in running:
            job.stop()
        for job in running:
            job.join()
        self.recognisers.unload()

    def unload(self, weights: str) -> None:
        """Let go of the recognisers that use these weights."""
        self.recognisers.unload(weights)

    def states(self) -> Sequence[RecogniserState]:
        """Everything that can listen, ready or not."""
        return self.recognisers.states()

    def transcribe(
        self, path: Path, how: Listening | None = None, recogniser: str = "", name: str = ""
    ) -> transcribing.Transcription:
        """Start listening to a recording (sound or video, of any length); its segments come one after another.

        `NotInstalled` where nothing can listen, `BadFile` for what is no sound.
        """
        job = transcribing.Transcription(path, self.recognisers.get(recogniser), how or Listening(), name)
        with self._lock:
            self._transcriptions[job.id] = job
            over = [id for id, old in self._transcriptions.items() if old.over]
            for id in over[: max(0, len(self._transcriptions) - REMEMBERED)]:
                del self._transcriptions[id]
        job.start()
        return job

    def transcription(self, id: str) -> transcribing.Transcription:
        """One that runs or was asked for lately. `NotFound`."""
        with self._lock:
            if id in self._transcriptions:
                return self._transcriptions[id]
        raise NotFound(f"transcription “{id}” is over and forgotten", f"转写“{id}”已结束并清除", where="id")

    def formats(self) -> Mapping[str, Words]:
        """What a transcript can be written as."""
        return {name: words for name, (words, _) in transcribing.FORMATS.items()}

    def text(self, transcript: Transcript, format: str) -> str:
        """A transcript in one of the `formats`."""
        return transcribing.written(transcript, format)

    def write(self, transcript: Transcript, path: Path, format: str) -> None:
        """Into a file, whole or not at all."""
        transcribing.write(transcript, path, format)

    def write_emotions(self, transcripts: Sequence[Transcript], path: Path) -> None:
        """The emotions of several recordings as one table (CSV)."""
        transcribing.write_emotions(transcripts, path)

    def read_back(self, digest: str, recogniser: str = "") -> readback.ReadBack:
        """Listen to a take and compare it with its text; the library keeps its emotion and error rate."""
        details = self._library.takes.details(digest)
        listener = self.recognisers.get(recogniser)
        take = details.take
        style = details.recipe.get("request", {}).get("style", "")
        said, sound = details.text, self._library.cache.load(take.digest)
        clip = _transcript(details.recipe)
        found = readback.read_back(listener, sound, said, take.language, name=take.excerpt, asked=style, before=clip)
        self._library.takes.heard(take.digest, found.emotion, found.error_rate, found.to_json())
        return found

    def problems(self, digest: str, text: str, language: str) -> list[Problem]:
        """What a gate has against a take by its words; nothing where the language is not understood."""
        self._library.cache.flush()  # a take that was rendered just now waits for others before its row is written
        found = self.read_back(digest)
        told = found.suspicion()
        if told is None or found.comparison is None:
            return []
        if found.comparison.read_aloud:
            return [Problem("tokens", told)]
        return [Problem({"twice": "twice", "before": "prompt", "": "readback"}[found.besides], told)]

    def hear_voice(self, id: str, recogniser: str = "", preview: str = "") -> readback.ReadBack:
        """Listen to the clip of a voice, or to `preview` spoken by it; the library keeps its emotion.

        `BadRequest` for a voice without a clip where no preview is given.
        """
        voice = self._library.voices.get(id)
        listener = self.recognisers.get(recogniser)
        media, language = self._library.voices.media(voice.id), voice.languages[0] if voice.languages else ""
        if media is not None:
            clip, said = read_bytes(media, name=voice.name), str(voice.content.get("transcript", ""))
        elif preview:
            take = self._speak(SpeakRequest(preview, engine=voice.engine, voice=voice.id))
            clip, said, language = self._library.cache.load(take.digest), preview, take.language
        else:
            raise BadRequest(
                f"voice “{voice.name}” has no clip to listen to; give a sentence that it should speak (--preview)",
                f"音色“{voice.name}”没有可供识别的参考音频；请给出一句让它朗读的话（--preview）",
                where="voice",
            )
        found = readback.read_back(listener, clip, said, language, name=voice.name)
        self._library.voices.heard(voice.id, found.emotion, found.to_json())
        return found

    def word_times(self, digest: str, recogniser: str = "") -> Sequence[Word]:
        """When each word of a take is heard, for engines that do not say. `BadText` where it cannot be."""
        details = self._library.takes.details(digest)
        listener = self.recognisers.get(recogniser)
        listener.load()
        return listener.align(
            readback.at_rate(self._library.cache.load(details.take.digest)), without_marks(details.text)
        )


def _transcript(recipe: Mapping[str, Any]) -> str:
    """What is said in the clip of the voice that spoke a take; "" where it is no clip, or nobody wrote it down."""
    line = recipe["lines"][0] if recipe.get("kind") == "reading" else recipe
    return str(line.get("voice", {}).get("transcript", ""))
