"""The survey of the library's voices: measured, compared, laid out on a map. It is the facade's `survey`."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from studio.audio.clip import Clip, Samples
from studio.audio.files import blocks, probe, read_bytes
from studio.errors import BadRequest, Cancelled, NotFound, NotInstalled, StudioError
from studio.library import Library, Measured, Voice, VoiceQuery
from studio.production.jobs import Job, Jobs
from studio.production.planning import Plan, SpeakRequest
from studio.production.rendering import Renderer
from studio.stop import Stop
from studio.voices import mapping, measuring
from studio.voices.encoders import SpeakerEncoder, Vector, encoders
from studio.voices.mapping import VoiceMap
from studio.voices.neighbours import Near, Neighbours
from studio.voices.sentences import TESTS
from studio.voices.twins import DUPLICATE, Groups, Twins
from studio.weights import WeightStore
from studio.words import Words

CLIP_S = 60.0  # of a clip are listened to
NEAR = 24  # voices of one answer


@dataclass(frozen=True)
class Outcome:
    """What became of one voice that was to be measured."""

    voice: Voice
    measured: Measured | None = None
    error: StudioError | None = None


@dataclass(frozen=True)
class Alike:
    """A voice and how much it sounds like what was asked for."""

    voice: Voice
    similarity: float  # -1..1; 1 is the same


class Survey:
    """Everything that is measured of voices. Every method may be called from any thread."""

    def __init__(
        self,
        library: Library,
        weights: WeightStore,
        renderer: Renderer,
        plan: Callable[[SpeakRequest], Plan],
    ) -> None:
        self._library, self._measures = library, library.voice_measures
        self._weights, self._renderer, self._plan = weights, renderer, plan
        self._neighbours: dict[str, Neighbours] = {}
        self._jobs = Jobs()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Stop what runs."""
        self._jobs.close()

    def job(self, id: str) -> Job[Any]:
        """One that runs or was begun lately. `NotFound`."""
        return self._jobs.get(id)

    def encoders(self) -> Sequence[SpeakerEncoder]:
        """Those that can be used now, the best first."""
        return encoders(self._weights)

    # --- measuring

    def measure(self, voices: Sequence[str], *, language: str = "", quick: bool = False) -> Job[tuple[Outcome, ...]]:
        """Start measuring voices of the library (ids or names) in `language`, or each in its own.

        A voice that cannot be measured is told in its outcome; the job fails where it is the only one.
        `NotFound` or `BadRequest` at once for a name that is none.
        """
        ids = [self._library.voices.get(ref).id for ref in voices]
        if not ids:
            raise BadRequest("no voice is named; name one or more", "没有指定音色；请至少指定一个", where="voices")
        return self._measure(ids, language, quick)

    def measure_rest(self, *, quick: bool = True) -> Job[tuple[Outcome, ...]]:
        """Start measuring every voice that nobody measured yet. `BadRequest` where there is none."""
        ids = self._measures.unmeasured()
        if not ids:
            raise BadRequest("every voice is measured already", "所有音色都已测量过", where="voices")
        return self._measure(ids, "", quick)

    def _measure(self, ids: Sequence[str], language: str, quick: bool) -> Job[tuple[Outcome, ...]]:
        def work(job: Job[tuple[Outcome, ...]]) -> tuple[Outcome, ...]:
            outcomes = []
            for n, id in enumerate(ids):
                there = self._library.voices.several([id])  # none, where it is gone since
                outcomes += [self._outcome(voice, language, quick, job) for voice in there]
                job.done = job.total * (n + 1) / len(ids)
            if len(outcomes) == 1 and outcomes[0].error:
                raise outcomes[0].error
            return tuple(outcomes)

        job = Job(work, title="voices")
        job.total = len(ids) * float(len(measuring.trials("zh", quick)))
        return self._jobs.begin(job)

    def measures(self, ids: Sequence[str]) -> dict[str, Measured]:
        """What is known of these voices (ids); those that nobody measured are left out."""
        return self._measures.of(ids)

    def tests(self) -> Mapping[str, Words]:
        """What a voice is measured by, in words."""
        return TESTS

    def hint(self, measured: Measured) -> Words | None:
        """What the pitch suggests of who speaks: a hint, no more."""
        return measuring.hint(measured)

    def encoder_title(self, id: str) -> Words:
        """An encoder in words, also where it is not there any more."""
        return next((one.title for one in self.encoders() if one.id == id), Words(id, id))

    def counts(self) -> tuple[int, int]:
        """How many voices are measured, and how many there are."""
        return self._measures.counts()

    def limits(self) -> dict[str, tuple[float, float]]:
        """The lowest and highest value of each measure."""
        return self._measures.limits()

    def _outcome(self, voice: Voice, language: str, quick: bool, job: Job[Any]) -> Outcome:
        try:
            first = SpeakRequest("a", engine=voice.engine, voice=voice.id)
            spoken = measuring.language_of(voice.languages, self._plan(first).direction.spec, language)
            self._measures.put(voice.id, *self._takes(first, spoken, quick, job))
        except Cancelled:
            raise
        except StudioError as error:
            return Outcome(voice, error=error)
        return Outcome(voice, self._measures.of([voice.id]).get(voice.id))

    def _takes(
        self, first: SpeakRequest, language: str, quick: bool, job: Job[Any]
    ) -> tuple[Measured, dict[str, Vector]]:
        """The takes of the voice of a request, measured."""
        known, trials, found = self.encoders(), measuring.trials(language, quick), []
        requests = [replace(first, text=one.text, seed=one.seed, language=language, stream=False) for one in trials]
        sounds = self._sounds([self._plan(request) for request in requests], job.stopping)
        for trial, (clip, text) in zip(trials, sounds, strict=True):
            found.append(measuring.hear(trial.test, clip, text, known))
            job.done += 1
        return measuring.summed(found, known, language)

    def _sounds(self, plans: Sequence[Plan], stop: Stop) -> Iterator[tuple[Clip, str]]:
        """Of each plan its sound without pauses between the lines, and what is said; one turn of the engine for all."""
        lines = [line for plan in plans for line in plan.lines]
        ends = np.cumsum([len(plan.lines) for plan in plans]).tolist()
        sound: list[Samples] = []
        at = 0
        with closing(self._renderer.lines(lines, stop)) as pieces:
            for piece in pieces:
                sound.append(piece.samples)
                if piece.last and piece.index == ends[at] - 1:
                    said = " ".join(line.spoken for line in plans[at].lines)
                    yield Clip(np.concatenate(sound), self._renderer.rate(plans[at].lines[0])), said
                    sound, at = [], at + 1

    # --- finding

    def like(
        self, ref: str, *, engine: str = "", query: VoiceQuery | None = None, count: int = NEAR, encoder: str = ""
    ) -> Job[tuple[Alike, ...]]:
        """Start looking for the voices that sound most like one: of the library (id or name), or any that `engine` has.

        One of the library that nobody measured is measured first, quickly; of a clone whose engine is not installed
        the clip is listened to instead.
        """

        def work(job: Job[tuple[Alike, ...]]) -> tuple[Alike, ...]:
            chosen = self._chosen(encoder)
            vector, number = self._vector(ref, engine, chosen, job)
            near = self._nearest(vector, chosen, query, count, frozenset() if number is None else frozenset({number}))
            return self._alike(near)

        return self._jobs.begin(Job(work, title=ref))

    def like_clip(
        self, path: Path, *, query: VoiceQuery | None = None, count: int = NEAR, encoder: str = ""
    ) -> tuple[Alike, ...]:
        """The voices that sound most like the person in a recording, of which the first minute is heard.

        `BadFile` for no sound, silence, or less than a second.
        """
        chosen = self._chosen(encoder)
        return self._alike(self._nearest(chosen.encode(_opened(path)), chosen, query, count, frozenset()))

    def duplicates(self, least: float = DUPLICATE, encoder: str = "") -> Job[tuple[Twins, ...]]:
        """Start looking for voices that can hardly be told apart: those that are the same, and measured ones that sound
        the same. `BadRequest` for a similarity that is none, or one at which nearly all are alike."""
        if not 0.5 <= least <= 1:
            raise BadRequest(f"similarity {least}: takes 0.5 to 1", f"相似度 {least}：应为 0.5 到 1", where="least")

        def work(job: Job[tuple[Twins, ...]]) -> tuple[Twins, ...]:
            job.total = 1.0
            groups = Groups()
            for share, pairs in self._of(self._chosen(encoder)).pairs(least):
                job.stopping.check()
                groups.join(pairs)
                job.done = share
            return self._twins(groups)

        return self._jobs.begin(Job(work, title="duplicates"))

    def map(self, query: VoiceQuery | None = None, encoder: str = "") -> VoiceMap:
        """Measured voices on a plane; of more than `mapping.MOST` an even choice. `BadRequest` for too few."""
        stored = self._of(self._chosen(encoder)).stored()
        wanted = self._measures.numbers(query or VoiceQuery())
        rows = np.nonzero(np.isin(stored.numbers, wanted))[0]
        mapping.check_enough(len(rows))
        shown = rows[np.linspace(0, len(rows) - 1, min(len(rows), mapping.MOST)).astype(int)]
        ids = self._measures.ids(stored.numbers[shown].tolist())
        shown = np.array([row for row in shown if int(stored.numbers[row]) in ids])
        vectors = stored.values[shown]
        places, share = mapping.flat(vectors)
        belongs = mapping.groups(vectors)
        voices = self._library.voices.several([ids[int(stored.numbers[row])] for row in shown])
        known = self._measures.of([voice.id for voice in voices])
        points = tuple(
            mapping.Point(voice, float(x), float(y), int(group), known.get(voice.id))
            for voice, (x, y), group in zip(voices, places, belongs, strict=True)
        )
        return VoiceMap(points, mapping.described(points, vectors), share, len(rows))

    # --- inside

    def _of(self, encoder: SpeakerEncoder) -> Neighbours:
        with self._lock:
            fresh = Neighbours(self._measures, encoder.id, encoder.dimension)
            return self._neighbours.setdefault(encoder.id, fresh)

    def _chosen(self, id: str) -> SpeakerEncoder:
        """The encoder that is asked for; else the one that knows most voices, of equals the best."""
        known = self.encoders()
        for one in known:
            if one.id == id:
                return one
        if id:
            raise NotFound.among(Words("encoder", "声纹编码器"), id, [one.id for one in known], where="encoder")
        return max(known, key=lambda one: len(self._of(one).stored().numbers))  # the first of equals

    def _vector(self, ref: str, engine: str, chosen: SpeakerEncoder, job: Job[Any]) -> tuple[Vector, int | None]:
        """The vector of a voice, and its number where the library has it."""
        if engine:
            first = SpeakRequest("a", engine=engine, voice=ref)
            _, vectors = self._takes(first, measuring.language_of((), self._plan(first).direction.spec), True, job)
            return vectors[chosen.id], None
        voice = self._library.voices.get(ref)
        number = self._measures.number(voice.id)
        known = self._measures.vector(voice.id, chosen.id)
        if known is None or len(known) != chosen.dimension:
            outcome = self._outcome(voice, "", True, job)
            if isinstance(outcome.error, NotInstalled) and (media := self._library.voices.media(voice.id)):
                return chosen.encode(read_bytes(media, name=voice.name)), number  # its clip is the person too
            if outcome.error:
                raise outcome.error
            known = self._measures.vector(voice.id, chosen.id)
        assert known is not None  # it was kept just now
        return known, number

    def _nearest(
        self, vector: Vector, chosen: SpeakerEncoder, query: VoiceQuery | None, count: int, without: frozenset[int]
    ) -> list[Near]:
        among = None if query is None else self._measures.numbers(query)
        return self._of(chosen).nearest(vector, count, without, among)

    def _alike(self, near: Sequence[Near]) -> tuple[Alike, ...]:
        similarity = dict(near)
        return tuple(Alike(voice, similarity[voice.id]) for voice in self._library.voices.several(list(similarity)))

    def _twins(self, groups: Groups) -> tuple[Twins, ...]:
        """Groups of numbers as voices, those that are exactly the same first."""
        same = [Twins(self._library.voices.several(ids), 1.0, True) for ids in self._measures.same_content()]
        exact = {frozenset(voice.id for voice in twins.voices) for twins in same}
        ids = self._measures.ids([number for members in groups.members() for number in members])
        near = []
        for members in groups.members():
            known = [ids[number] for number in members if number in ids]
            if len(known) > 1 and frozenset(known) not in exact:
                near.append(Twins(self._library.voices.several(known), groups.least(members), False))
        return (*same, *sorted(near, key=lambda twins: -twins.similarity))


def _opened(path: Path) -> Clip:
    """The first minute of a recording."""
    rate, pieces, seconds = probe(path).rate, [], 0.0
    with closing(blocks(path)) as sound:  # type: ignore[type-var]  # a generator
        for piece in sound:
            pieces.append(piece)
            seconds += len(piece) / rate
            if seconds >= CLIP_S:
                break
    return Clip(np.concatenate(pieces) if pieces else np.zeros(0, np.float32), rate)
