"""`SenseVoiceSmall`: the recogniser's contract over the checkpoint."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from studio.audio.clip import Samples
from studio.control import Control
from studio.errors import BadText, NotInstalled
from studio.nn.devices import reached
from studio.recognition.contract import AUTO, RATE, Listening, RecogniserSpec, Segment, Word
from studio.recognition.sensevoice.vocabulary import EMOTIONS, EVENTS
from studio.settings import settled
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


def _setting(name: str, choices: Sequence[str], label: Words, help: Words) -> Control:
    automatic = Words("automatic", "自动")
    named = tuple((one, automatic if one == "auto" else Words(one, one)) for one in choices)
    return Control(name, "choice", "auto", label, help, choices=named)


SETTINGS = (
    _setting(
        "precision", ("auto", "fp32", "bf16", "fp16", "int8"), Words("Precision", "精度"),
        Words("Automatic is half precision where the machine computes in it, else fp32; int8 takes the least memory.",
              "自动：硬件支持半精度时使用半精度，否则为 fp32；int8 占用内存最少。"),
    ),
    _setting(
        "device", ("auto", "cpu", "cuda", "mps"), Words("Device", "设备"), Words("Where it computes.", "在哪里计算。"),
    ),
)  # fmt: skip


class SenseVoiceRecogniser:
    """Hears Mandarin, Cantonese, English, Japanese and Korean, with emotion and events."""

    def __init__(self, weights: WeightStore) -> None:
        self._weights = weights
        self._settings = {setting.name: setting.default for setting in SETTINGS}
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
            settings=SETTINGS,
        )

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Use these settings from the next `load` on."""
        checked = settled(ID, SETTINGS, settings)
        self.unload()
        self._settings = checked

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
        return reached(self._settings, ID)


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
