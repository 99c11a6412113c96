"""The cast list of a script: who speaks whom, where they stand, whether their voices can be had and may be used."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from studio.engines.registry import Registry
from studio.errors import BadRequest, NotFound, StudioError
from studio.library import Library, Production
from studio.library.script import LineQuery, Member, Part
from studio.library.voice import KEPT
from studio.production import rights, suggesting
from studio.production.casting import cast, in_words
from studio.production.into import into_of
from studio.production.linework import LinePlanner
from studio.production.planning import SpeakRequest
from studio.words import Words


class Home(Protocol):
    """What is asked of the desk."""

    def get(self, id: str) -> Production: ...
    def planner(self, id: str) -> LinePlanner: ...
    def settle(self, id: str) -> None: ...


class CastList:
    """The casts of scripts. For any number of threads."""

    def __init__(self, home: Home, library: Library, engines: Registry) -> None:
        self._home, self._library, self._engines = home, library, engines

    def member(self, id: str, speaker: str) -> Member:
        """Who speaks a part, with what its row leaves open filled in."""
        return self._home.planner(id).member(speaker)

    def parts(self, id: str) -> tuple[Part, ...]:
        """Every speaker with who speaks it."""
        return self._library.casts.parts(id)

    def cast(self, id: str, members: Sequence[Member]) -> None:
        """Cast parts. Lines whose recipe changes by it become stale, no others; it is undone like an edit of lines."""
        planner = self._home.planner(id)
        for member in members:
            engine = self._engines.get(member.engine or planner.member("").engine)
            engine.spec.settle(dict(member.controls))
            suggesting.check_voice(self._library, engine, member.voice)
            if not member.into.startswith(KEPT):
                into_of(self._engines, self._library, member.into, member.converter)
            if not -40 <= member.gain_db <= 20 or not -1 <= member.pan <= 1:
                raise BadRequest(
                    "gain: takes -40 to 20 dB; pan: takes -1 to 1",
                    "音量应为 -40 到 20 dB，声像应为 -1 到 1",
                    where="cast",
                )
        self._library.casts.change(id, members)
        # also where nothing changed: to cast a part as it was is to say that its lines shall be tried again
        narrator = any(not member.speaker for member in members)
        self._library.outcomes.forget_plans(id, speakers=None if narrator else [m.speaker for m in members])
        self._home.settle(id)

    def pan(self, id: str, pans: Mapping[str, float]) -> None:
        """Put speakers left (-1) or right (1). Nothing is rendered again for it; it is undone like an edit of lines."""
        known = [part.member.speaker for part in self.parts(id)]
        for speaker, pan in pans.items():
            if speaker not in known:
                raise NotFound.among(Words("speaker", "说话人"), speaker, known, where="speaker")
            if not -1 <= pan <= 1:
                raise BadRequest(
                    f"pan {pan:g}: takes -1 (left) to 1 (right)",
                    f"声像 {pan:g}：应为 -1（左）到 1（右）",
                    where="pan",
                )
        self._library.casts.place(id, pans)

    def replan(self, id: str, speakers: Sequence[str]) -> None:
        """The voice of these speakers changed: their lines are planned anew, and stale where they sound different."""
        self._library.outcomes.forget_plans(id, speakers=None if "" in speakers else list(speakers))
        self._home.settle(id)

    def rename_speaker(self, id: str, old: str, new: str) -> int:
        """All lines of one speaker are another's; how many. One edit, undone like any other."""
        count = self._library.casts.rename(id, old, new)
        self._home.settle(id)
        return count

    def missing(self, id: str) -> dict[str, Words]:
        """Speakers whose voice cannot be used, and why."""
        planner, found = self._home.planner(id), {}
        for part in self.parts(id):
            member = planner.member(part.member.speaker)
            try:
                suggesting.check_voice(self._library, self._engines.get(member.engine), member.voice)
                into_of(self._engines, self._library, member.into, member.converter)
            except StudioError as error:
                found[part.member.speaker] = error.words
        return found

    def cautions(self, id: str) -> dict[str, Words]:
        """Speakers with lines whose voice may not sound as it did, and why: it was made for other weights."""
        planner, found = self._home.planner(id), {}
        for speaker in [part.member.speaker for part in self.parts(id) if part.lines]:
            for words in in_words(planner.cautions([speaker])):
                found[speaker] = words
        return found

    def sample(self, id: str, speaker: str) -> SpeakRequest:
        """What this speaker sounds like, in words of their own: a line of theirs, to be spoken."""
        lines = self._library.scripts.lines(id, LineQuery(speaker=speaker), 0, 40).items
        if not lines:
            raise NotFound(f"“{speaker}” has no lines", f"“{speaker}”没有台词", where="speaker")
        line = max(lines, key=lambda one: -abs(len(one.text) - 60))
        member = self._home.planner(id).member(speaker)
        return SpeakRequest(
            line.text, engine=member.engine, voice=member.voice, style=member.style, controls=dict(member.controls),
            into=member.into, converter=member.converter,
        )  # fmt: skip

    def permit(self, id: str) -> None:
        """`NotPermitted` where somebody is cast who may not be produced with; in whose timbre it is said counts too."""
        self._home.get(id)
        planner = self._home.planner(id)
        for part in self.parts(id):
            member = planner.member(part.member.speaker)
            if part.lines:
                with suppress(NotFound):  # a voice that is gone is told line by line
                    engine = self._engines.get(member.engine)
                    rights.require(self._library, [cast(self._library, engine, member.voice)], member.engine)
                    into = into_of(self._engines, self._library, member.into, member.converter)
                    if into is not None:
                        rights.require(self._library, [into.voice], into.spec.id)
