"""The workshop renders scripts: it takes the lines that ask for it, a turn at a time, until none is left.

What has to be done is what the library says of each line; nothing is queued anywhere else. So a render that was killed
goes on where it was, one that runs sees every edit at its next turn, and nothing is rendered twice. Several productions
take turns at the engines; one of a higher priority goes first.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from studio.audio.clip import Clip, Samples
from studio.engines.contract import WordTime
from studio.errors import BadRequest, Cancelled, InUse, StudioError
from studio.library import Library, ProductionChange, TakeFacts
from studio.library.locks import GLANCE_S, FileLock
from studio.library.outcomes import NewTake, Progress
from studio.library.script import Line, Scope
from studio.production.executors import Executor
from studio.production.gates import HEARD_TOO, Expected, Habits, Problem, check, level_of, score
from studio.production.jobs import Job, State
from studio.production.joining import Joiner
from studio.production.linework import LinePlan, LinePlanner
from studio.production.performance import words_of

EVERYTHING = Scope()
TURN_LINES, TURN_S = 16, 1.5  # a turn begins with so many lines, and then takes about so long
MOST_LINES = 256
PLANNED = 400  # lines planned between two looks at who wants something
TRIES = 2  # more, after a take that a gate stopped
WRITTEN_S = 0.3  # that a finished line waits for others, at most
TOLD_S = 2.0  # between two notes of how far it is

Listen = Callable[[str, str, str], Sequence[Problem]]  # take, text, language -> what a recogniser has against it


@dataclass
class _Entry:
    """A line at work: its plan, and the parts of it that are still awaited."""

    line: Line
    plan: LinePlan
    tries: int
    left: set[int] = field(default_factory=set)
    clips: dict[int, Clip] = field(default_factory=dict)  # of its parts, by their places


class ScriptJob(Job[Progress]):
    """A script being rendered."""

    def __init__(self, workshop: "Workshop", production: str, title: str, scope: Scope, priority: int) -> None:
        super().__init__(lambda job: workshop.work(job), id=production, title=title)  # type: ignore[arg-type]
        self.scope = scope
        self.priority = priority
        self.paused = False
        self.asked = 0  # times that more was asked of it
        self.ending = False  # it found nothing left to do
        self.rendered = 0  # lines
        self.failed = 0
        self.again = 0  # takes that a gate stopped, and that were rendered anew
        self.audio_s = 0.0  # of takes that were rendered
        self.now: tuple[str, ...] = ()  # ids of the lines that are rendered right now
        self._began = time.monotonic()
        self.interrupted = False  # by the end of the studio: the next start goes on

    @property
    def speed(self) -> float:
        """Seconds of sound for a second of work, so far."""
        return self.audio_s / max(1e-3, time.monotonic() - self._began)


class _Finished:
    """Lines that are done, written a few at a time: a transaction for each would cost more than the line."""

    def __init__(self, library: Library, job: ScriptJob) -> None:
        self._library, self._job = library, job
        self._best: list[NewTake] = []
        self._others: list[NewTake] = []
        self._lines: list[Line] = []
        self._written = time.monotonic()

    def add(self, takes: Sequence[NewTake], line: Line) -> None:
        """All takes of a line are kept, and the best one is chosen."""
        best = min(takes, key=lambda take: (take.score, take.seed))
        self._best.append(best)
        self._others += [take for take in takes if take is not best]
        self._lines.append(line)
        if time.monotonic() - self._written > WRITTEN_S:
            self.write()

    def write(self) -> None:
        outcomes, job = self._library.outcomes, self._job
        outcomes.take(job.id, self._others, choose=False)
        outcomes.take(job.id, self._best)
        job.rendered += len(self._lines)
        job.done += sum(len(line.text) for line in self._lines)
        self._best, self._others, self._lines = [], [], []
        self._written = time.monotonic()


class Workshop:
    """Renders of scripts. For any number of threads."""

    def __init__(
        self,
        library: Library,
        executor: Executor,
        planner: Callable[[str], LinePlanner],
        listen: Callable[[], Listen | None],
    ) -> None:
        """`planner` plans a production's lines as it is now; `listen` gives what hears takes, where something can."""
        self.executor = executor
        self._library, self._planner, self._listen = library, planner, listen
        self._jobs: dict[str, ScriptJob] = {}
        self._changed = threading.Condition()
        self._habits: dict[tuple[str, str], Habits] = {}  # (engine and voice, language) -> what is usual

    # jobs

    def start(self, production: str, scope: Scope = EVERYTHING) -> ScriptJob:
        """Render what asks for it; a render that is at it already takes these lines along."""
        kept = self._library.productions.get(production)
        while True:
            with self._changed:
                running = self._jobs.get(production)
                if running is None or running.over:
                    job = self._jobs[production] = ScriptJob(self, production, kept.title, scope, kept.priority)
                    break
                if not running.ending and not running.stopping:
                    running.scope, running.paused = _wider(running.scope, scope), False
                    running.asked += 1
                    self._changed.notify_all()
                    return running
            running.join()  # it would not look for lines again
        self._note(job, "running")
        job.start()
        return job

    def job(self, production: str) -> ScriptJob | None:
        return self._jobs.get(production)

    def pause(self, production: str) -> None:
        """Stop after the lines in work; `start` goes on."""
        self._set(production, paused=True)

    def cancel(self, production: str) -> None:
        """Stop now; what is rendered stays."""
        if (job := self._jobs.get(production)) is not None:
            job.stop()
            self._wake()

    def prioritise(self, production: str, priority: int) -> None:
        """A higher one goes first; 0 is usual."""
        if not -10 <= priority <= 10:
            raise BadRequest(
                f"priority {priority}: takes -10 to 10", f"优先级 {priority}：应为 -10 到 10", where="priority"
            )
        self._library.productions.update(production, ProductionChange(priority=priority))
        self._set(production, priority=priority)

    def resume_all(self) -> list[ScriptJob]:
        """Go on with every render that a restart or a crash interrupted."""
        found = self._library.productions.find(state="running", kind="script", size=200)
        return [self.start(one.id, Scope.from_json(one.progress.get("scope", {}))) for one in found.items]

    def close(self) -> None:
        """Stop everything; what was running is resumed by the next `resume_all`."""
        jobs = list(self._jobs.values())
        for job in jobs:
            job.interrupted = True
            job.stop()
        self._wake()
        for job in jobs:
            job.join()
        self.executor.close()

    def _set(self, production: str, **values: Any) -> None:
        if (job := self._jobs.get(production)) is not None:
            for name, value in values.items():
                setattr(job, name, value)
            self._wake()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    # a render

    def work(self, job: ScriptJob) -> Progress:
        """What a job does on its thread."""
        with self._alone(job):
            try:
                self._render(job)
            except Cancelled:
                if not job.interrupted:
                    self._note(job, "stopped")
                raise
            except StudioError as error:
                self._note(job, "failed", error)
                raise
            progress = self._library.outcomes.progress(job.id)
            self._note(job, "done" if not progress.states.get("failed") else "stopped")
            return progress

    @contextmanager
    def _alone(self, job: ScriptJob) -> Iterator[None]:
        folder = self._library.folder.productions / job.id
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock")
        if not lock.acquire(GLANCE_S):
            raise InUse(
                f"{job.title}: another process is rendering it right now; wait for it or stop it",
                f"《{job.title}》正在被另一个进程渲染；请等它完成，或先停止它",
                where="production",
            )
        try:
            yield
        finally:
            lock.release()

    def _render(self, job: ScriptJob) -> None:
        size, told = TURN_LINES, 0.0
        self._look_for_lost(job)
        job.total = max(1.0, float(self._library.outcomes.progress(job.id).open_characters))
        while True:
            self._await_turn(job)
            asked = job.asked
            self.settle(job.id, job)
            lines = self._next(job, size)
            if not lines:
                with self._changed:
                    job.ending = job.asked == asked
                if job.ending:
                    return
                continue
            began = time.monotonic()
            self._turn(job, lines)
            took = time.monotonic() - began
            size = max(TURN_LINES, min(MOST_LINES, round(len(lines) * TURN_S / max(took, 1e-3))))
            if time.monotonic() - told > TOLD_S:
                told = time.monotonic()
                self._note(job, "running")

    def _look_for_lost(self, job: ScriptJob) -> None:
        """A take whose file was removed by hand is rendered again."""
        cache, outcomes = self._library.cache, self._library.outcomes
        if lost := [take for take in outcomes.chosen(job.id) if not cache.path(take).exists()]:
            outcomes.lost(job.id, lost)

    def _await_turn(self, job: ScriptJob) -> None:
        """Until it is not paused, and nobody of a higher priority is at work."""
        with self._changed:
            while job.paused or any(
                other.priority > job.priority and not other.paused and not other.over and other.state is State.RUNNING
                for other in self._jobs.values()
                if other is not job
            ):
                job.stopping.check()
                self._changed.wait(0.5)
        job.stopping.check()

    def settle(self, production: str, job: ScriptJob | None = None, most: int | None = None) -> int:
        """Plan the lines that have to be; how many. Their states are right after it."""
        outcomes, count, planner = self._library.outcomes, 0, None
        while most is None or count < most:
            lines = outcomes.unplanned(production, PLANNED)
            if not lines:
                break
            planner = planner or self._planner(production)
            bases: dict[int, str] = {}
            refused: dict[int, StudioError] = {}
            for line in lines:
                try:
                    bases[line.number] = planner.basis(line)
                except StudioError as error:
                    refused[line.number] = error
            outcomes.plan(production, bases, refused)
            count += len(lines)
            if job is not None:
                job.stopping.check()
        return count

    def _next(self, job: ScriptJob, size: int) -> Sequence[Line]:
        scope, outcomes = job.scope, self._library.outcomes
        return outcomes.open(job.id, chapter=scope.chapter, start=scope.start, lines=scope.lines, limit=size)

    def _turn(self, job: ScriptJob, lines: Sequence[Line]) -> None:
        """Render these lines, look at each take, and render anew what a gate stops."""
        settings = self._library.productions.get(job.id).settings.get("rendering", {})
        tries, off = int(settings.get("tries", TRIES)), frozenset(settings.get("gates_off", ()))
        planner, listen = self._planner(job.id), self._listen() if settings.get("listen", True) else None
        job.now = tuple(line.id for line in lines)
        takes: dict[int, list[NewTake]] = {}
        sounds: dict[int, int] = {}  # line -> digest of its last sound: an engine may not care for the seed
        finished = _Finished(self._library, job)
        waiting = [entry for line in lines if (entry := self._entry(job, planner, line, 0))]
        while waiting:
            again = []
            for entry, clip in self._rendered(job, waiting):
                problems = self._judged(entry, clip, listen, off)
                take = NewTake(
                    entry.line.number, entry.plan.digest, entry.line.basis, entry.plan.seed, clip.seconds,
                    score(problems), [problem.to_json() for problem in problems],
                )  # fmt: skip
                takes.setdefault(entry.line.number, []).append(take)
                job.audio_s += clip.seconds
                sound = hash(clip.samples.tobytes()) if problems else 0
                same = sounds.get(entry.line.number) == sound
                sounds[entry.line.number] = sound
                if problems and entry.tries < tries and not same:
                    again.append((entry.line, entry.tries + 1))
                else:
                    finished.add(takes.pop(entry.line.number), entry.line)
            job.again += len(again)
            waiting = [entry for line, n in again if (entry := self._entry(job, planner, line, n))]
        for line in lines:  # what could not be tried again keeps what it has
            if line.number in takes:
                finished.add(takes[line.number], line)
        finished.write()
        job.now = ()

    def _entry(self, job: ScriptJob, planner: LinePlanner, line: Line, tries: int) -> _Entry | None:
        try:
            plan = planner.plan(line, tries)
            planner.permit(plan.plan.direction)
            return _Entry(line, plan, tries)
        except StudioError as error:
            self._fail(job, line, error)
            return None

    def _fail(self, job: ScriptJob, line: Line, error: StudioError) -> None:
        self._library.outcomes.fail(job.id, line.number, error)
        job.failed += 1
        job.done += len(line.text)

    def _rendered(self, job: ScriptJob, entries: Sequence[_Entry]) -> Iterator[tuple[_Entry, Clip]]:
        """Each entry with its take's sound, which is in the cache."""
        flat = [(entry, part) for entry in entries for part in entry.plan.plan.heard]
        for at, (entry, _) in enumerate(flat):
            entry.left.add(at)
        failed: set[int] = set()
        for done in self.executor.render([part for _, part in flat], job.stopping, job.id):
            entry = flat[done.place][0]
            entry.left.discard(done.place)
            if done.clip is not None:
                entry.clips[done.place] = done.clip
            elif done.error is not None and entry.line.number not in failed:
                failed.add(entry.line.number)
                self._fail(job, entry.line, done.error)
            if not entry.left and entry.line.number not in failed:
                yield entry, self._sound(job, entry)
                entry.clips.clear()

    def _sound(self, job: ScriptJob, entry: _Entry) -> Clip:
        """The sound of a line's take; of one with several utterances, joined and kept."""
        clips = [entry.clips[at] for at in sorted(entry.clips)]
        if entry.plan.whole:
            return clips[0]
        with self._library.cache.batch(job.id):
            known = self._library.cache.fetch(entry.plan.digest)
            return known[1] if known is not None else self._joined(entry.plan, clips)

    def _joined(self, plan: LinePlan, clips: Sequence[Clip]) -> Clip:
        whole = plan.plan
        joiner = Joiner(whole.direction.rate)
        joiner.pause(whole.lead_ms)
        pieces: list[Samples] = []
        known = self._library.cache.get_many([line.recipe.digest for line in whole.heard])
        for index, (line, part) in enumerate(zip(whole.heard, clips, strict=True)):
            kept = known.get(line.recipe.digest)
            words = tuple(WordTime(*word) for word in kept.words) if kept else ()
            pieces += [*joiner.push(part.samples, words), *joiner.end_line(index)]
            joiner.pause(line.pause_ms)
        pieces += joiner.silence()
        clip = Clip(np.concatenate(pieces) if pieces else np.zeros(0, np.float32), joiner.rate)
        facts = TakeFacts(
            recipe=whole.recipe_json(),
            engine=whole.direction.sounding.id,
            text=whole.request.text,
            language=whole.lines[0].language,
            kind="reading",
            voice_id=whole.direction.heard.id,
            voice_label=whole.direction.heard.label,
            words=[
                (word.text, round(word.start, 4), round(word.end, 4))
                for placed in joiner.placed
                for word in words_of(whole, placed, clip.rate)
            ],
        )
        self._library.cache.put(plan.digest, clip, facts)
        return self._library.cache.as_stored(clip)

    def _judged(self, entry: _Entry, clip: Clip, listen: Listen | None, off: frozenset[str]) -> list[Problem]:
        """What is wrong with a take. One without fault teaches what is usual for its voice."""
        first, direction = entry.plan.plan.lines[0], entry.plan.plan.direction
        spec = direction.spec
        text = " ".join(line.spoken for line in entry.plan.plan.lines)
        key = (" ".join(f"{engine} {voice.content.to_json()}" for voice, engine in direction.speakers), first.language)
        habits = self._habits.setdefault(key, Habits())
        expected = Expected(text, spec.pace, entry.plan.silence_ms, entry.plan.plan.speed, spec.native_tokens, habits)
        found = check(clip, expected)
        if listen is not None and HEARD_TOO.issuperset(problem.code for problem in found):
            found = [*listen(entry.plan.digest, text, first.language), *found]
        found = [problem for problem in found if problem.code not in off]
        if not found:
            habits.learn(text, clip.seconds - entry.plan.silence_ms / 1000, level_of(clip.samples))
        return found

    def _note(self, job: ScriptJob, state: str, error: StudioError | None = None) -> None:
        progress = {
            "done": job.done, "total": job.total, "rendered": job.rendered, "failed": job.failed,
            "again": job.again, "audio_s": round(job.audio_s, 2), "scope": job.scope.to_json(),
        }  # fmt: skip
        with suppress(Cancelled):
            self._library.productions.update(job.id, ProductionChange(state=state, progress=progress, error=error))  # type: ignore[arg-type]


def _wider(old: Scope, new: Scope) -> Scope:
    """Both: the lines of both where both are lists, everything otherwise."""
    if old == new:
        return old
    return Scope(lines=tuple(dict.fromkeys((*old.lines, *new.lines)))) if old.lines and new.lines else Scope()
