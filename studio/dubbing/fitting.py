"""Fitting speech into the slots of its cues, with the gentlest means first.

In this order: the silence at the edges goes, pauses inside are squeezed, the gap before the next cue is borrowed, the
engine speaks faster, the sound is stretched; what is still too long runs over and is flagged, or is cut if that was
chosen. How much faster a cue is than natural may not jump from one cue of a speaker to the next: those around a fast
one are quickened a little, so that the pace swells and falls instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from studio.dubbing.shapes import Shape
from studio.words import Words

LEAD_S = 0.008  # of quiet kept before the first sound
TAIL_S = 0.03  # and after the last
COMFORTABLE = 1.2  # times natural speed: up to here nobody minds
FASTEST = 1.5  # of all means together
JUMP = 0.15  # between two cues of a speaker
SHORTEST_S = 0.3  # in a shorter cue nothing can be said
ENOUGH = 0.02  # a rate that is missed by less is met
NEAR_S = 6.0  # cues further apart are not compared

FLAGS: dict[str, Words] = {  # the worst first
    "silent": Words("nothing is heard", "没有声音"),
    "missing": Words("not rendered", "尚未渲染"),
    "untimed": Words("has no times", "没有时间"),
    "cut": Words("its end is cut off", "结尾被截断"),
    "over": Words("runs over its end", "超出结束时间"),
    "short": Words("too short for any speech", "时间过短，无法读出"),
    "fast": Words("faster than is comfortable", "语速过快"),
    "jump": Words("changes speed suddenly", "语速突变"),
}


@dataclass(frozen=True)
class Rules:
    """How far each means may go."""

    guard_s: float = 0.083  # that stays free before the next cue
    borrow_s: float = 1.5  # of the gap, at most
    pause_s: float = 0.15  # that stays of a pause that is squeezed
    engine: float = 1.25  # times natural speed that the engine is asked for
    stretch: float = 1.2  # times, with the pitch kept
    cut: bool = False


@dataclass(frozen=True)
class Slot:
    """Where a cue has to be, in seconds."""

    start: float
    end: float
    free: float  # where the next cue begins; infinite for the last one


@dataclass(frozen=True)
class Spoken:
    """A cue with its take, as fitting sees it."""

    slot: Slot
    shape: Shape | None  # None: there is no take
    speaker: str = ""
    speed: float = 1.0  # times natural that the take was asked for
    quickens: bool = False  # whether the engine can speak faster


@dataclass(frozen=True)
class Fit:
    """What was done to fit a cue, and what is left to say against it."""

    slot: Slot
    spoken: float = 0.0  # seconds of the take without its edges
    trimmed: float = 0.0  # seconds of silence off the edges
    squeezed: float = 0.0  # seconds out of pauses
    borrowed: float = 0.0  # seconds of the gap that are used
    speed: float = 1.0  # times, by the engine
    stretch: float = 1.0  # times, of the sound
    length: float = 0.0  # seconds that are heard
    over: float = 0.0  # seconds behind where it should end
    cut: float = 0.0  # seconds cut off
    wanted: float = 1.0  # times natural that the engine should speak, to be asked for in the next render
    flags: tuple[str, ...] = ()

    @property
    def rate(self) -> float:
        """Times natural speed, by all means together."""
        return self.speed * self.stretch

    @property
    def end(self) -> float:
        return self.slot.start + self.length

    @property
    def badness(self) -> float:
        """For a list of the worst: what is not heard, then what is cut or late, then what is fast."""
        gone = 100.0 if {"silent", "missing", "untimed"} & set(self.flags) else 0.0
        return gone + 10 * self.cut + 10 * self.over + max(0.0, self.rate - 1) + 0.1 * len(self.flags)

    def to_json(self) -> dict[str, Any]:
        shown = ("spoken", "trimmed", "squeezed", "borrowed", "speed", "stretch", "length", "over", "cut")
        numbers = {name: round(getattr(self, name), 4) for name in shown}
        slot = {"start": self.slot.start, "end": self.slot.end}
        return {**slot, **numbers, "rate": round(self.rate, 4), "flags": list(self.flags)}


@dataclass
class _Case:
    """A cue being fitted."""

    spoken: Spoken
    squeezed: float = 0.0
    room: float = 0.0  # seconds that it may sound
    need: float = 1.0  # times as fast as its take is, so that it fits
    rate: float = 1.0  # times natural, chosen
    flags: list[str] = field(default_factory=list)

    @property
    def shape(self) -> Shape:
        assert self.spoken.shape is not None
        return self.spoken.shape


def fitted(cues: Sequence[Spoken], rules: Rules) -> list[Fit]:
    """The fit of every cue, in the order given (that of their starts)."""
    cases = [_case(cue, rules) for cue in cues]
    total = [max(1.0, case.spoken.speed * case.need) if _heard(case) else 0.0 for case in cases]
    smooth = _smoothed(cues, [min(rate, FASTEST) for rate in total])
    fits = [_fit(case, rate, rules) for case, rate in zip(cases, smooth, strict=True)]
    return _jumps(cues, fits)


def _heard(case: _Case) -> bool:
    return case.spoken.shape is not None and case.shape.spoken > 0


def _case(cue: Spoken, rules: Rules) -> _Case:
    """The means that cost nothing: edges, pauses, the gap."""
    case = _Case(cue)
    if cue.shape is None or cue.shape.spoken <= 0:
        return case
    slot = max(0.0, cue.slot.end - cue.slot.start)
    missing = cue.shape.spoken - slot
    if missing > 0:
        case.squeezed = min(missing, squeezable(cue.shape, rules.pause_s))
    borrowed = 0.0
    if missing - case.squeezed > 0:
        gap = max(0.0, cue.slot.free - rules.guard_s - cue.slot.end)
        borrowed = min(missing - case.squeezed, gap, rules.borrow_s)
    case.room = slot + borrowed
    left = cue.shape.spoken - case.squeezed
    case.need = left / case.room if case.room > 0.05 else FASTEST * 2
    return case


def squeezable(shape: Shape, keep_s: float) -> float:
    """Seconds that its pauses can lose."""
    return sum(max(0.0, length - keep_s) for _, length in shape.pauses)


def _smoothed(cues: Sequence[Spoken], rates: Sequence[float]) -> list[float]:
    """Rates of which neighbours of a speaker differ by `JUMP` at most, as far as none gets uncomfortable by that."""
    found = list(rates)
    for row in _rows(cues, rates):
        for before, at in (*zip(row, row[1:], strict=False), *zip(row[::-1], row[-2::-1], strict=False)):
            if _near(cues[before], cues[at]):
                found[at] = max(found[at], min(COMFORTABLE, found[before] - JUMP))
    return found


def _rows(cues: Sequence[Spoken], rates: Sequence[float]) -> list[list[int]]:
    """The places of each speaker's cues that are heard."""
    rows: dict[str, list[int]] = {}
    for at, (cue, rate) in enumerate(zip(cues, rates, strict=True)):
        if rate:
            rows.setdefault(cue.speaker, []).append(at)
    return list(rows.values())


def _near(one: Spoken, other: Spoken) -> bool:
    first, second = sorted((one.slot, other.slot), key=lambda slot: slot.start)
    return second.start - first.end < NEAR_S


def _fit(case: _Case, rate: float, rules: Rules) -> Fit:
    cue, slot = case.spoken, case.spoken.slot
    short = ("short",) if slot.end - slot.start < SHORTEST_S else ()
    if cue.shape is None:
        return Fit(slot, flags=("missing", *short))
    if cue.shape.spoken <= 0:
        return Fit(slot, trimmed=cue.shape.seconds, flags=("silent", *short))
    wanted = min(rules.engine, rate) if cue.quickens else 1.0
    stretch = min(max(rate / cue.speed, 1.0), rules.stretch)
    stretch = 1.0 if stretch < 1 + ENOUGH / 4 else stretch
    left = case.shape.spoken - case.squeezed
    length = left / stretch
    over = max(0.0, length - case.room)
    over = 0.0 if over < 0.005 else over
    cut = over if rules.cut else 0.0
    length -= cut
    fit = Fit(
        slot,
        spoken=case.shape.spoken,
        trimmed=max(0.0, case.shape.seconds - case.shape.spoken),
        squeezed=case.squeezed,
        borrowed=max(0.0, min(slot.start + length, slot.start + case.room) - slot.end),
        speed=cue.speed,
        stretch=stretch,
        length=length,
        over=over - cut,
        cut=cut,
        wanted=cue.speed if -ENOUGH <= cue.speed - wanted <= 4 * ENOUGH else round(wanted, 2),
    )
    found = {"cut": cut > 0, "over": fit.over > 0, "fast": fit.rate > COMFORTABLE + ENOUGH}
    return replace(fit, flags=(*(name for name, is_so in found.items() if is_so), *short))


def _jumps(cues: Sequence[Spoken], fits: Sequence[Fit]) -> list[Fit]:
    """Flags on what changes its speed suddenly."""
    found = list(fits)
    for row in _rows(cues, [fit.length for fit in fits]):
        for before, at in zip(row, row[1:], strict=False):
            if _near(cues[before], cues[at]) and abs(fits[at].rate - fits[before].rate) > JUMP + 1e-6:
                found[at] = replace(found[at], flags=(*found[at].flags, "jump"))
    return found


def counted(fits: Sequence[Fit]) -> Mapping[str, int]:
    """How many cues carry each flag."""
    return {name: count for name in FLAGS if (count := sum(name in fit.flags for fit in fits))}
