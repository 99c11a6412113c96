"""One conversation with the worker: utterances sent ahead, their sound heard in order."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from studio.engines.contract import AudioChunk, Stop
from studio.engines.espeak.joining import Joiner
from studio.engines.espeak.plan import Passage
from studio.engines.espeak.process import Frame, Part, Process, WorkerGone
from studio.errors import EngineFailed


@dataclass(frozen=True)
class Order:
    """One utterance: what the worker says, and how its sound is joined."""

    passages: tuple[Passage, ...]
    parts: tuple[Part, ...]  # of the passages that are not silence
    seed: int  # of the noise in breath
    gain: float


@dataclass(frozen=True)
class _Awaited:
    number: int
    order: Order
    joiner: Joiner


class Talk:
    """Between the sending of the first utterance and the hearing of the last one."""

    def __init__(self, process: Process, number: int, stream: bool) -> None:
        """`number` is that of the last utterance this worker was given. Without `stream` nobody listens yet."""
        self.process, self.number, self._stream = process, number, stream
        self._waiting: deque[_Awaited] = deque()
        self._restarted_for = 0
        self._heard = False  # anything of this conversation

    def __len__(self) -> int:
        """Utterances sent and not yet heard to the end."""
        return len(self._waiting)

    def send(self, index: int, order: Order) -> None:
        self.number += 1
        joiner = Joiner(index, order.passages, order.gain, self._stream)
        self._waiting.append(_Awaited(self.number, order, joiner))
        try:
            self.process.say(self.number, order.parts, order.seed, self._stream)
        except WorkerGone as gone:
            self._once_more(gone)

    def hear(self, stop: Stop) -> Iterator[AudioChunk]:
        """What the worker's next message brings."""
        try:
            frame = self.process.next(stop)
        except WorkerGone as gone:
            return self._once_more(gone)
        header, awaited = frame.header, self._waiting[0]
        self._heard = self._heard or awaited.number in (header.get("say"), header.get("done"))
        if header.get("say") == awaited.number:
            yield from awaited.joiner.feed(header["part"], frame.sound, header["events"])
        elif header.get("done") == awaited.number:
            self._waiting.popleft()
            yield from awaited.joiner.finish()
        elif header.get("spent") == awaited.number:
            self._start_over(awaited.number)
        elif header.get("failed") == awaited.number:
            self._waiting.popleft()
            raise _failed(frame)
        # anything else belongs to an utterance that was stopped

    def hush(self) -> None:
        """Stop what is still to be said; its last sounds are passed over by the next conversation."""
        if self._waiting and self.process.alive:
            try:
                self.process.stop(self.number)
            except EngineFailed:
                return  # it died on its own; the next request starts another

    def _once_more(self, gone: WorkerGone) -> None:
        """Begin again if the worker was dead before it said anything here; otherwise it is this text's doing."""
        if self._heard or self._restarted_for:
            raise gone
        self._restarted_for = self._waiting[0].number
        self._renew()

    def _start_over(self, number: int) -> None:
        """A new worker for what waits: where the system never unloads a library, a worker has one utterance in it."""
        if self._restarted_for == number:
            raise EngineFailed(
                "espeak gets no fresh copy of its library on this system; please report it with the output of "
                "`python -m studio doctor`",
                "espeak 在此系统上无法重新载入它的库；请附上 `python -m studio doctor` 的输出反馈给我们",
            )
        self._restarted_for = number
        self._renew()

    def _renew(self) -> None:
        self.process.close()
        self.process = Process()
        for awaited in self._waiting:
            self.process.say(awaited.number, awaited.order.parts, awaited.order.seed, self._stream)


def _failed(frame: Frame) -> EngineFailed:
    what = frame.header.get("what", "")
    return EngineFailed(
        f"espeak could not say this ({what}); try another voice or language",
        f"espeak 无法朗读这段文字（{what}）；请换一个音色或语言再试",
    )
