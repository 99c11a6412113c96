"""`SenseVoiceSmall`: the recogniser's contract over the checkpoint."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from studio.audio.clip import Samples
from studio.errors import BadRequest, BadText, NotInstalled
from studio.recognition.contract import AUTO, RATE, Listening, RecogniserSpec, Segment, Word
from studio.recognition.sensevoice.vocabulary import EMOTIONS, EVENTS
from studio.stop import Stop
from studio.weights import WeightStore
from studio.words import Words

if TYPE_CHECKING:  # torch takes seconds to import; it comes with `load`
    from studio.nn.linear import Precision
    from studio.recognition.sensevoice.checkpoint import Checkpoint

ID = "sensevoice"
LONGEST_S = 30.0
SHORTEST_S = 0.05  # below it there is nothing to hear
QUERIES = {AUTO: 0, "zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12}  # rows of the checkpoint
EVENT_QUERIES = (1, 2)
WRITTEN, SPOKEN = 14, 15
SETTINGS: dict[str, tuple[str, ...]] = {
    "precision": ("auto", "fp32", "bf16", "fp16", "int8"),
    "device": ("auto", "cpu", "cuda", "mps"),
}


class SenseVoiceRecogniser:
    """Hears Mandarin, Cantonese, English, Japanese and Korean, with emotion and events."""

    def __init__(self, weights: WeightStore) -> None:
        self._weights = weights
        self._settings = dict.fromkeys(SETTINGS, "auto")
        self._lock = threading.RLock()  # of the model; several threads may ask
        self._checkpoint: Checkpoint | None = None

    @property
    def spec(self) -> RecogniserSpec:
        found = self._weights.find(ID)
        version = f"{self._weights.digest(ID)[:12]}.{self._settings['precision']}" if found else ""
        return RecogniserSpec(
            ID,
            Words("SenseVoice", "SenseVoice"),
            Words(
                "Five languages, emotion and sounds, quick on any machine",
                "识别五种语言、情感与声音事件，在普通电脑上也很快",
            ),
            version,
            tuple(language for language in QUERIES if language != AUTO),
            LONGEST_S,
            tuple((tag.name, tag.words) for tag in EMOTIONS),
            tuple((tag.name, tag.words) for tag in EVENTS),
            code_licence="MIT",
            weights_licence=self._weights.get(ID).licence,
            weights=(ID,),
            homepage=self._weights.get(ID).homepage,
        )

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Use these settings (`precision`, `device`) from the next `load` on."""
        for name, value in settings.items():
            if value not in SETTINGS.get(name, ()):
                known = "; ".join(f"{key} = {' | '.join(values)}" for key, values in SETTINGS.items())
                raise BadRequest(
                    f"{name}={value}: sensevoice takes {known}",
                    f"{name}={value}：sensevoice 可用的设置是 {known}",
                    where=f"settings.{name}",
                )
        self.unload()
        self._settings |= settings

    def missing(self) -> Words | None:
        return self._weights.missing(ID)

    def load(self) -> None:
        with self._lock:
            if self._checkpoint is None:
                missing, found = self.missing(), self._weights.find(ID)
                if missing or found is None:
                    words = missing or Words("", "")
                    raise NotInstalled(words.en, words.zh, command=words.en.rpartition(": ")[2])
                from studio.recognition.sensevoice.checkpoint import Checkpoint

                self._checkpoint = Checkpoint(found.root, self._precision(), self._device())

    def unload(self) -> None:
        with self._lock:
            self._checkpoint = None

    def listen(self, pieces: Sequence[Samples], how: Listening, stop: Stop) -> Sequence[Segment]:
        """See `Recogniser`. A piece of less than 50 ms is heard as nothing."""
        from studio.recognition.sensevoice.decoding import decode

        self.spec.check(how)
        found = [Segment(0.0, len(piece) / RATE, "", "") for piece in pieces]
        with self._lock:
            self.load()
            assert self._checkpoint is not None
            model = self._checkpoint
            query = (QUERIES[how.language], *EVENT_QUERIES, WRITTEN if how.written else SPOKEN)
            long = [at for at, piece in enumerate(pieces) if len(piece) >= SHORTEST_S * RATE]
            for batch in batches(long, [len(piece) for piece in pieces], model.together):
                stop.check()
                for at, scores in zip(batch, model.scores([pieces[at] for at in batch], query), strict=True):
                    found[at] = decode(scores, model.vocabulary, how, len(pieces[at]) / RATE)
        return found

    def align(self, piece: Samples, text: str) -> Sequence[Word]:
        """See `Recogniser`."""
        from studio.recognition.sensevoice.decoding import aligned

        with self._lock:
            self.load()
            assert self._checkpoint is not None
            vocabulary = self._checkpoint.vocabulary
            labels = vocabulary.ids(text)
            if not labels:
                raise BadText(
                    f"“{text[:40]}”: nothing in it that can be heard", f"“{text[:40]}”：其中没有可以识别的文字"
                )
            query = (QUERIES[AUTO], *EVENT_QUERIES, WRITTEN)
            words = None
            if len(piece) >= SHORTEST_S * RATE:
                (scores,) = self._checkpoint.scores([piece], query)
                words = aligned(scores, labels, vocabulary, len(piece) / RATE)
        if words is None:
            raise BadText(
                f"{len(piece) / RATE:.2f} s are too short for “{text[:40]}” ({len(labels)} pieces)",
                f"{len(piece) / RATE:.2f} 秒太短，容不下“{text[:40]}”（{len(labels)} 个单元）",
            )
        return words

    def _precision(self) -> "Precision | None":
        told = self._settings["precision"]
        return None if told == "auto" else cast("Precision", told)

    def _device(self) -> str:
        if self._settings["device"] != "auto":
            return self._settings["device"]
        import torch

        return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


def batches(which: Sequence[int], lengths: Sequence[int], together: int) -> Iterator[list[int]]:
    """Indexes in groups of similar length: the longest times their number is at most `together` samples."""
    batch: list[int] = []
    for at in sorted(which, key=lambda one: lengths[one]):
        if batch and lengths[at] * (len(batch) + 1) > together:
            yield batch
            batch = []
        batch.append(at)
    if batch:
        yield batch
