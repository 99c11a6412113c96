"""A recording, or a take, said in a voice of the library: work that is watched and stopped. The facade's `changing`.

What comes out is a take like any other: heard at once, kept, downloaded in every format, with the rights of its voice.
"""

from collections.abc import Sequence
from pathlib import Path

from studio.audio.files import blocks, probe
from studio.engines.contract import Converts
from studio.engines.registry import EngineState, Registry
from studio.errors import NotInstalled
from studio.library import Library, Take, Voice, VoiceQuery
from studio.production import rights
from studio.production.casting import cast
from studio.production.jobs import Job, Jobs
from studio.production.revoicing import revoiced_recording, revoiced_take

OFFERED = 200  # voices of an engine


class Changing:
    """Over one library. Every method may be called from any thread."""

    def __init__(self, library: Library, engines: Registry) -> None:
        self._library, self._engines = library, engines
        self._jobs = Jobs()

    def close(self) -> None:
        """Stop what runs."""
        self._jobs.close()

    def engines(self) -> Sequence[EngineState]:
        """Every engine that changes voices, installed or not: `note` and `command` say what is missing."""
        return [state for state in self._engines.states() if state.spec and self._changes(state.id)]

    def engine(self, id: str = "") -> str:
        """The engine that is asked for, else the first that is ready. `NotInstalled` says how to get one."""
        if id:
            return id
        able = self.engines()
        for state in able:
            if state.state == "ready":
                return state.id
        names, command = ", ".join(state.id for state in able), next((one.command for one in able if one.command), "")
        raise NotInstalled(
            f"no engine that changes the voice of a recording is installed; there is {names}: see the Models page"
            + (f", or: {command}" if command else ""),
            f"尚未安装可转换录音音色的引擎；可选 {names}：见“模型”页" + (f"，或运行：{command}" if command else ""),
            where="engine",
            command=command,
        )

    def targets(self, engine: str, search: str = "") -> Sequence[Voice]:
        """The library's voices that an engine can change to: its own, and every one made of a clip."""
        own = self._library.voices.find(VoiceQuery(text=search, engine=engine, sort="last_used", size=OFFERED))
        clips = self._library.voices.find(VoiceQuery(text=search, kind="clip", sort="last_used", size=OFFERED))
        return list({voice.id: voice for voice in (*own, *clips)}.values())

    def permit(self, engine: str, voice: str = "") -> None:
        """`NotPermitted` where what is said in this voice may not leave; to be asked before work."""
        rights.require(self._library, [cast(self._library, self._engines.get(engine), voice, lent=True)], engine)

    def seconds(self, path: Path) -> float:
        """How long a recording is. `BadFile` for what is none."""
        if told := probe(path).seconds:
            return told
        rate = probe(path).rate  # a browser's microphone writes no length: it is counted
        return sum(map(len, blocks(path))) / rate

    def recording(self, path: Path, engine: str, voice: str = "", *, name: str = "") -> Job[Take]:
        """Start saying a recording in another voice. `BadFile` for what is no sound, before any work."""
        seconds = self.seconds(path)

        def work(job: Job[Take]) -> Take:
            def told(done: float) -> None:
                job.done = min(done, job.total)

            return revoiced_recording(
                self._engines, self._library, path, engine, voice, name=name, stop=job.stopping, told=told
            )

        job: Job[Take] = Job(work, title=name or path.name)
        job.total = max(seconds, 0.1)
        return self._jobs.begin(job)

    def take(self, digest: str, engine: str, voice: str = "") -> Job[Take]:
        """The same with a take of any engine."""
        source = self._library.takes.get(digest)

        def work(job: Job[Take]) -> Take:
            return revoiced_take(self._engines, self._library, source, engine, voice, job.stopping)

        job: Job[Take] = Job(work, title=source.excerpt)
        job.total = 1.0
        return self._jobs.begin(job)

    def job(self, id: str) -> Job[Take]:
        """One that runs or was begun lately. `NotFound`."""
        return self._jobs.get(id)

    def _changes(self, id: str) -> bool:
        return isinstance(self._engines.get(id), Converts)
