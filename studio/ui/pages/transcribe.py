"""The Transcribe page: a dropped or spoken recording becomes segments with times, emotion and sounds; edited, kept."""

from typing import Any

from studio.studio import Listening, Segment, Studio
from studio.ui import asked as take
from studio.ui import describe
from studio.ui.pages.models import weights
from studio.ui.pages.parts import component
from studio.ui.strings import say
from studio.ui.uploads import Uploads

LABELS = 5  # of a distribution that are shown


def build(studio: Studio) -> None:
    """Put the page into the Blocks that is being made."""
    desk = Questions(studio)
    component("transcribe", [desk.listeners, desk.transcribe, desk.heard, desk.stop_listening, desk.correct])


class Questions:
    """What the script of this page may ask; every one is `(asked, language) -> plain data`."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.uploads = Uploads(studio.folder.path, "recordings")

    def listeners(self, asked: dict[str, Any], language: str) -> Any:
        """Who can listen, in which languages; and what is missing where nobody can."""
        states = self.studio.listening.states()
        ready = [state for state in states if state.state == "ready"]
        missing = [
            weight for state in states if state.spec and state.state == "missing" for weight in state.spec.weights
        ]
        known = dict.fromkeys(code for state in ready if state.spec for code in state.spec.languages)
        formats = self.studio.listening.formats()
        return {
            "ready": [[state.id, state.title.text(language)] for state in ready],
            "notes": [state.note.text(language) for state in states if state.note],
            "models": [weights(self.studio.models.get(id), language) for id in missing],
            "languages": [
                ["auto", say("hear.auto", language)],
                *([code, describe.tongue(code, language)] for code in known),
            ],
            "formats": [[name, words.text(language)] for name, words in formats.items()],
        }

    def transcribe(self, asked: dict[str, Any], language: str) -> Any:
        """Begin to listen to an upload."""
        ticket = take.text(asked, "upload")
        path = self.uploads.path(ticket)
        how = Listening(
            take.text(asked, "spoken_language", "auto"),
            written=take.switch(asked, "written", True),
            certain=take.switch(asked, "certain", False),
        )
        job = self.studio.listening.transcribe(path, how, take.text(asked, "recogniser"), name=path.name)
        return {"id": job.id, "name": job.title, "seconds": job.total}

    def heard(self, asked: dict[str, Any], language: str) -> Any:
        """How far it is, and the segments from number `since` on."""
        job = self.studio.listening.transcription(take.text(asked, "id"))
        since = take.whole(asked, "since", 0)
        over = job.over  # before the segments are looked at: none may come between
        segments = job.segments
        return {
            "over": over,
            "progress": job.progress,
            "seconds": job.total,
            "seconds_left": job.seconds_left,
            "problem": job.error.text(language) if job.error else "",
            "segments": [row(segment, job.recogniser.spec, language) for segment in segments[since:]],
        }

    def stop_listening(self, asked: dict[str, Any], language: str) -> Any:
        self.studio.listening.transcription(take.text(asked, "id")).stop()
        return True

    def correct(self, asked: dict[str, Any], language: str) -> Any:
        """Another text for a segment; what is exported has it."""
        job = self.studio.listening.transcription(take.text(asked, "id"))
        job.correct(take.whole(asked, "number"), take.text(asked, "text"))
        return True


def row(segment: Segment, spec: Any, language: str) -> dict[str, Any]:
    """A segment as its row shows it."""
    emotions, events = dict(spec.emotions), dict(spec.events)
    word = emotions.get(segment.emotion)
    event = events.get(segment.event)
    return {
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "language": describe.tongue(segment.language, language) if segment.language else "",
        "emotion": segment.emotion,
        "emotion_word": word.text(language) if word else segment.emotion,
        "emotions": [
            [label, emotions[label].text(language) if label in emotions else label, round(chance, 3)]
            for label, chance in segment.emotions[:LABELS]
        ],
        "event": segment.event if segment.event != "speech" else "",
        "event_word": event.text(language) if event and segment.event != "speech" else "",
        "words": [[word.text, round(word.start, 3), round(word.end, 3), word.glued] for word in segment.words],
    }
