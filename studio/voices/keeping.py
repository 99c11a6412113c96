"""Voices into the library, from wherever they come: a seed, a content, a mix, a take that somebody liked."""

from collections.abc import Mapping
from typing import Any

from studio.engines.contract import SharesVoices, VoiceContent
from studio.engines.registry import Registry
from studio.errors import BadFile, BadRequest
from studio.library import Library, NewVoice, Voice
from studio.production import rights
from studio.production.casting import blend, cast

CLIP_S = 1.0, 30.0  # of a clip that a voice is made of
CLIP_PEAK = 0.003  # -50 dB: below it nothing is said


class Keeping:
    """What becomes a voice of the library; every one is pinned by its content and the weights its engine has now."""

    def __init__(self, library: Library, engines: Registry) -> None:
        self._library, self._engines = library, engines

    def voice(self, engine: str, content: VoiceContent, name: str, **facts: Any) -> Voice:
        """A voice by its content. `facts` are further fields of `NewVoice`."""
        self._engines.get(engine).spec.accept(content)
        origin = rights.inherited(self._library, facts.get("parents", ()), facts.get("origin", {}))
        pinned = {"weights": self.weights_now(engine), **facts, "origin": origin}
        return self._library.voices.add(
            NewVoice(engine, content.kind.value, content.to_json(), name, content.clip or None, **pinned)
        )

    def seed(self, engine: str, seed: int, name: str, **facts: Any) -> Voice:
        """The voice of a seed."""
        found = cast(self._library, self._engines.get(engine), f"seed:{seed}")
        return self.voice(engine, found.content, name, **facts)

    def blend(self, engine: str, weights: Mapping[str, float], name: str, **facts: Any) -> Voice:
        """A mix of voices (as `SpeakRequest.voice` names them) by weight, with its parents."""
        speaker = self._engines.get(engine)
        mixed = [(cast(self._library, speaker, ref), w) for ref, w in weights.items()]
        parents = [{"voice": voice.id or voice.label, "name": voice.label, "weight": w} for voice, w in mixed]
        return self.voice(engine, blend(speaker, mixed), name, parents=parents, **facts)

    def of_take(self, digest: str, name: str, **facts: Any) -> Voice:
        """The voice that spoke a take."""
        details = self._library.takes.details(digest)
        recipe, spoken_by = details.recipe, details.take.voice_id
        line = recipe["lines"][0] if recipe.get("kind") == "reading" else recipe
        content = rights.content_of(line["voice"], self._library, spoken_by)
        source = self._library.voices.known(spoken_by) if spoken_by else None
        if source is not None:
            facts = {"parents": [{"voice": source.id, "weight": 1.0}], "origin": source.origin, **facts}
        voice = self.voice(line["engine"], content, name, **facts)
        self._library.previews.add(voice.id, digest)
        return voice

    def weights_now(self, engine: str) -> str:
        """The digest of the weights that an engine speaks with; empty where it has none, or they are not here."""
        return self._engines.weights_of(engine)

    def code(self, engine: str, voice: str) -> str:
        """A voice as the string that people exchange for this engine; `code:` before it names the voice again."""
        found = self._engines.get(engine)
        if not isinstance(found, SharesVoices):
            raise BadRequest(f"{engine}: its voices have no strings", f"{engine}：音色没有编码字符串", where="engine")
        chosen = cast(self._library, found, voice)
        rights.require(self._library, [chosen], engine)
        return found.code_of(chosen.content)

    def check_clip(self, engine: str, content: VoiceContent) -> None:
        """Refuse a clip that no voice can be made of: no sound, too short, too long, silent."""
        from studio.audio.files import read_bytes

        self._engines.get(engine).spec.accept(content)
        clip = read_bytes(content.clip, longest_s=CLIP_S[1])
        if clip.seconds < CLIP_S[0] or not len(clip) or abs(clip.samples).max() < CLIP_PEAK:
            raise BadFile(
                f"the clip ({clip.seconds:.1f} s) is too short or silent: {CLIP_S[0]:g} to {CLIP_S[1]:g} s are needed",
                f"片段长 {clip.seconds:.1f} 秒，或没有声音：需要 {CLIP_S[0]:g} 到 {CLIP_S[1]:g} 秒的语音",
                where="voice.clip",
            )
