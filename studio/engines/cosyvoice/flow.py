"""From sounds to a mel spectrogram: flow matching with guidance (Lipman et al., 2023; Ho and Salimans, 2022).

Three generations, one face (`Flow`). An encoder makes `mu`, one frame of it for each mel frame; an estimator tells the
velocity; ten Euler steps lead from noise to the spectrogram. The prompt's sounds and its mel stand before what is to be
said. Noise does not come from a global generator: the first generation draws it for each utterance, the others have the
same for all.

The second and third can be streamed (`FlowStream`): frames see their own chunk, the prompt and what came shortly
before; everything else is causal, so what a layer saw of a chunk never changes. A piece costs its own frames, not those
before it once more.
"""

import hashlib
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.engines.cosyvoice.dit import DiT
from studio.engines.cosyvoice.encoding import OVERLAP, Ahead, LengthRegulator, UpEncoder
from studio.engines.cosyvoice.sizes import MELS, UP_BLOCKS, FlowSizes, Sizes
from studio.engines.cosyvoice.unet import Estimator, UNet
from studio.nn.causal import Past, chunks
from studio.nn.linear import Precision
from studio.nn.relative import Block, RelativeEncoder, many_rows

STEPS = 10
NOISE_SEED = 0  # of the noise that is the same for all utterances
NOISE_FRAMES = 15_000  # five minutes: what the published models draw at once
FIRST_RATE, FIRST_HOP = 22_050, 256  # of the first generation's mel frames
MOST_BEGUN = 300  # mel frames of a prompt that are kept from one line to the next
LEFT = 200  # mel frames before a piece that its frames look at, besides the prompt
TAIL = 34  # mel frames of noise and mu that a window hands to the next


@dataclass(frozen=True, eq=False)
class Prompt:
    """What the flow knows of a voice."""

    sounds: Tensor  # (n,) int64
    mel: Tensor  # (frames, 80) float32
    speaker: Tensor  # (192,) float32

    @classmethod
    def of(cls, speaker: Tensor) -> "Prompt":
        """A speaker without a clip."""
        return cls(torch.zeros(0, dtype=torch.long), torch.zeros(0, MELS), speaker)


@dataclass(frozen=True, eq=False)
class Laid:
    """A line laid out for the solver, its prompt first."""

    x: Tensor  # (frames, 80), noise
    mu: Tensor  # (frames, 80)
    cond: Tensor  # (frames, 80): the prompt's mel, then zeros
    speaker: Tensor  # (80,)
    first: int  # frames of the prompt


@dataclass(frozen=True)
class Quality:
    """How carefully the spectrogram is made."""

    steps: int = STEPS
    guidance: float | None = None  # None: as the model was trained


def moments(steps: int) -> Tensor:
    """(steps + 1,): 0 to 1, close together at first."""
    return 1 - torch.cos(torch.linspace(0, 1, steps + 1) * 0.5 * torch.pi)


class Flow(nn.Module):
    """What the generations have in common. `pack` it once after loading."""

    estimator: Estimator

    def __init__(self, sizes: FlowSizes, sounds: int, speaker: int) -> None:
        super().__init__()
        self.sizes = sizes
        self.input_embedding = nn.Embedding(sounds, sizes.width)
        self.spk_embed_affine_layer = nn.Linear(speaker, MELS)
        self.decoder = nn.Module()

    def pack(self, precision: Precision) -> None:
        """Bring what was loaded into a precision. Once."""
        self.decoder.estimator.pack(precision)  # type: ignore[union-attr, operator]
        self._pack(precision)
        self.float()

    def _pack(self, precision: Precision) -> None:
        raise NotImplementedError

    @property
    def device(self) -> torch.device:
        return self.input_embedding.weight.device

    def who(self, speaker: Tensor) -> Tensor:
        """The embedding (192,) of a speaker -> (80,)."""
        return self.spk_embed_affine_layer(functional.normalize(speaker[None].float().to(self.device), dim=1))[0]

    def embedded(self, sounds: Tensor) -> Tensor:
        """Sounds (n,) -> (1, n, width). Ids below 0 are taken for 0."""
        return self.input_embedding(sounds.clamp(min=0).to(self.device))[None]

    def lay(self, sounds: Tensor, prompt: Prompt, generator: torch.Generator) -> Laid:
        """Lay out a whole line of sounds (n,); `generator` is where its noise comes from, if it has its own."""
        raise NotImplementedError

    def _laid(self, x: Tensor, mu: Tensor, prompt: Prompt) -> Laid:
        return Laid(x.to(mu), mu, _padded(prompt.mel.to(mu), len(mu)), self.who(prompt.speaker), first=len(prompt.mel))

    def rendered(
        self,
        lines: list[Laid],
        quality: Quality | None = None,
        *,
        frames: int = 0,
        seen: Tensor | None = None,
        look: Callable[[Tensor], None] = lambda x: None,
    ) -> list[Tensor]:
        """Lines at once -> the mel (frames, 80) of each without its prompt's; the shorter ones are padded, and nothing
        looks at the padding.

        With `frames`, all are padded to so many, so that what is computed has a shape that does not depend on them.
        """
        lengths = torch.tensor([len(one.mu) for one in lines])
        longest = frames or int(lengths.max())
        real = None
        if frames or int(lengths.min()) < longest:
            real = (torch.arange(longest) < lengths[:, None]).to(self.device)
        x, mu, cond = (
            torch.stack([_padded(part, longest) for part in parts])
            for parts in zip(*[(one.x, one.mu, one.cond) for one in lines], strict=True)
        )
        speaker = torch.stack([one.speaker for one in lines])
        mel = self.solve(x, mu, speaker, cond, quality or Quality(), seen, real, look=look)
        return [row[one.first : len(one.mu)] for row, one in zip(mel, lines, strict=True)]

    def velocity(
        self,
        x: Tensor,
        mu: Tensor,
        time: Tensor,
        speaker: Tensor,
        cond: Tensor,
        guidance: float,
        seen: Tensor | None = None,
        real: Tensor | None = None,
        past: Past | None = None,
    ) -> Tensor:
        """The guided velocity: what the estimator says with all it is told, pushed away from what it says untold."""
        estimator = self.decoder.estimator
        assert isinstance(estimator, Estimator)
        rows = len(x)
        nothing = torch.zeros_like(mu)
        found = estimator(
            torch.cat([x, x]),
            torch.cat([mu, nothing]),
            time.to(x).expand(2 * rows),
            torch.cat([speaker, torch.zeros_like(speaker)]),
            torch.cat([cond, nothing]),
            seen,
            None if real is None else torch.cat([real, real]),
            past,
        )
        return (1 + guidance) * found[:rows] - guidance * found[rows:]

    def solve(
        self,
        x: Tensor,
        mu: Tensor,
        speaker: Tensor,
        cond: Tensor,
        quality: Quality,
        seen: Tensor | None = None,
        real: Tensor | None = None,
        pasts: list[Past] | None = None,
        look: Callable[[Tensor], None] = lambda x: None,
    ) -> Tensor:
        """From noise `x` (rows, frames, 80) to mel; `pasts` are a stream's, one for each step. `look` sees each x."""
        guidance = self.sizes.guidance if quality.guidance is None else quality.guidance
        span = moments(quality.steps)
        time, step = span[0], span[1] - span[0]
        for at in range(1, len(span)):
            look(x)
            past = None if pasts is None else pasts[at - 1]
            x = x + step.to(x) * self.velocity(x, mu, time, speaker, cond, guidance, seen, real, past)
            time = time + step  # summed in float32, as the published code does
            if at < len(span) - 1:
                step = span[at + 1] - time
        return x


class Noise:
    """The same noise for every utterance, as long as one wants it.

    Its first five minutes are those of the published models (one draw of all channels at once); beyond, it goes on.
    """

    def __init__(self) -> None:
        self._drawn: list[Tensor] = []  # five minutes each
        self._generator = torch.Generator().manual_seed(NOISE_SEED)

    def __call__(self, frames: int) -> Tensor:
        """(frames, 80)"""
        while NOISE_FRAMES * len(self._drawn) < frames:
            self._drawn.append(torch.randn((MELS, NOISE_FRAMES), generator=self._generator, device="cpu").T)
        return (self._drawn[0] if frames <= NOISE_FRAMES else torch.cat(self._drawn))[:frames]


class CausalFlow(Flow):
    """The second and third generation."""

    def __init__(self, sizes: FlowSizes, sounds: int, speaker: int) -> None:
        super().__init__(sizes, sounds, speaker)
        self.noise = Noise()
        self._begun: tuple[bytes, FlowStream] | None = None  # the last voice's prompt, already looked at

    def means(self, sounds: Tensor, ahead: Tensor, chunked: bool, past: Past | None = None) -> Tensor:
        """`mu` (1, frames, 80) of sounds (n,); `ahead` (up to three) are looked at, not rendered."""
        raise NotImplementedError

    def whole(
        self,
        sounds: Tensor,
        prompt: Prompt,
        *,
        chunked: bool = False,
        more: bool = False,
        quality: Quality | None = None,
        look: Callable[[Tensor], None] = lambda x: None,
    ) -> Tensor:
        """Sounds (n,) -> mel (frames, 80), without the prompt's.

        With `chunked`, frames see only their chunk and those before it, as when streamed; with `more`, the last three
        sounds are only looked at.
        """
        laid = self.lay(sounds, prompt, chunked=chunked, more=more)
        seen = chunks(0, len(laid.mu), self._chunk, laid.mu.device) if chunked else None
        return self.rendered([laid], quality, seen=seen, look=look)[0]

    def lay(
        self,
        sounds: Tensor,
        prompt: Prompt,
        generator: torch.Generator | None = None,
        *,
        chunked: bool = False,
        more: bool = False,
    ) -> Laid:
        """Its noise is everybody's; the rest is as in `whole`."""
        ahead = self.sizes.ahead if more else 0
        joined = torch.cat([prompt.sounds, sounds])
        body, beyond = (joined[:-ahead], joined[-ahead:]) if ahead else (joined, joined[:0])
        mu = self.means(body, beyond, chunked)[0]
        return self._laid(self.noise(len(mu)), mu, prompt)

    @property
    def _chunk(self) -> int:
        return self.sizes.chunk * self.sizes.frames

    def stream(self, prompt: Prompt, quality: Quality | None = None, left: int | None = LEFT) -> "FlowStream":
        """A stream of its own; several never disturb each other.

        Its frames look at the prompt and at `left` frames before their piece, so that neither time nor memory grows;
        with None they look at all, as the published code does.
        """
        quality = quality or Quality()
        key = _key(prompt, quality, left)
        if self._begun is None or self._begun[0] != key:
            self._begun = None  # before the next takes its memory
            self._begun = key, FlowStream(self, prompt, quality, left)
        return self._begun[1].copy()


class FlowStream:
    """Sounds in, mel out, piece by piece."""

    def __init__(self, flow: CausalFlow, prompt: Prompt, quality: Quality, left: int | None) -> None:
        self._flow, self._prompt, self._quality = flow, prompt, quality
        self._encoder = Past()
        self._pasts = [Past(len(prompt.mel), left) for _ in range(quality.steps)]
        self._speaker = flow.who(prompt.speaker)[None]
        self._done = 0  # sounds, the prompt's among them
        self._frames = 0
        chunk, ahead = flow.sizes.chunk, flow.sizes.ahead
        begin = min(len(prompt.sounds) - ahead, MOST_BEGUN // flow.sizes.frames) // chunk * chunk
        if begin >= chunk:
            self._go_on(prompt.sounds[:begin], prompt.sounds[begin : begin + ahead])

    def copy(self) -> "FlowStream":
        """A stream of its own that goes on from here."""
        other = copy(self)
        other._encoder, other._pasts = self._encoder.copy(), [past.copy() for past in self._pasts]
        return other

    @property
    def first(self) -> int:
        """Sounds that the first piece should have, so that it ends with a chunk."""
        chunk = self._flow.sizes.chunk
        return chunk + -len(self._prompt.sounds) % chunk

    def piece(self, sounds: Tensor, ahead: Tensor) -> Tensor:
        """Mel (frames, 80) of the next sounds. But for the last piece, prompt and sounds so far fill whole chunks, and
        three more sounds are known (`ahead`)."""
        return self._go_on(torch.cat([self._prompt.sounds[self._done :], sounds]), ahead)

    def _go_on(self, sounds: Tensor, ahead: Tensor) -> Tensor:
        flow, size = self._flow, self._flow.sizes.frames
        mu = flow.means(sounds, ahead, True, self._encoder)
        start, steps = self._frames, mu.shape[1]
        cond = torch.zeros_like(mu)
        if (left := len(self._prompt.mel) - start) > 0:
            cond[0, :left] = self._prompt.mel[start : start + steps].to(mu)
        x = flow.noise(start + steps)[start:].to(mu)[None]
        kept = self._pasts[0].kept(start)
        chunk = flow.sizes.chunk * size
        seen = None  # frames of one chunk see each other and all that is kept
        if steps > chunk:
            seen = functional.pad(chunks(0, steps, chunk, mu.device), (kept, 0), value=True)
        mel = flow.solve(x, mu, self._speaker, cond, self._quality, seen, pasts=self._pasts)[0]
        self._done += len(sounds)
        self._frames += steps
        return mel[max(0, left) :]


class SecondFlow(CausalFlow):
    """The second generation."""

    def __init__(self, sizes: FlowSizes, sounds: int, speaker: int) -> None:
        super().__init__(sizes, sounds, speaker)
        assert sizes.encoder is not None
        self.encoder = UpEncoder(sizes.encoder, sizes.ahead, sizes.chunk, UP_BLOCKS)
        self.encoder_proj = nn.Linear(sizes.encoder.dim, MELS)
        self.decoder.estimator = UNet(sizes.estimator, causal=True)

    def _pack(self, precision: Precision) -> None:
        for block in (*self.encoder.encoders, *self.encoder.up_encoders):
            assert isinstance(block, Block)
            block.pack(many_rows(precision))

    def means(self, sounds: Tensor, ahead: Tensor, chunked: bool, past: Past | None = None) -> Tensor:
        return self.encoder_proj(self.encoder(self.embedded(sounds), self.embedded(ahead), chunked, past))


class ThirdFlow(CausalFlow):
    """The third generation."""

    def __init__(self, sizes: FlowSizes, sounds: int, speaker: int) -> None:
        super().__init__(sizes, sounds, speaker)
        self.pre_lookahead_layer = Ahead(sizes.width, sizes.ahead_channels, sizes.ahead)
        self.decoder.estimator = DiT(sizes.estimator)

    def _pack(self, precision: Precision) -> None:
        pass  # the rest is small

    def means(self, sounds: Tensor, ahead: Tensor, chunked: bool, past: Past | None = None) -> Tensor:
        x = self.pre_lookahead_layer(self.embedded(sounds), self.embedded(ahead), past)
        return x.repeat_interleave(self.sizes.frames, 1)


Tail = tuple[Tensor, Tensor]  # noise and mu (frames, 80) that a window hands to the next


class FirstFlow(Flow):
    """The first generation: not causal, so a stream is made of windows that overlap."""

    def __init__(self, sizes: FlowSizes, sounds: int, speaker: int, ratios: int = 4) -> None:
        super().__init__(sizes, sounds, speaker)
        assert sizes.encoder is not None
        self.encoder = RelativeEncoder(sizes.encoder)
        self.encoder_proj = nn.Linear(sizes.encoder.dim, MELS)
        self.length_regulator = LengthRegulator(ratios)
        self.decoder.estimator = UNet(sizes.estimator, causal=False)

    def _pack(self, precision: Precision) -> None:
        self.encoder.pack(many_rows(precision))

    def frames(self, sounds: int) -> int:
        """Mel frames of so many sounds."""
        return int(sounds / self.sizes.rate * FIRST_RATE / FIRST_HOP)

    def window(
        self,
        sounds: Tensor,
        prompt: Prompt,
        generator: torch.Generator,
        tail: Tail | None = None,
        quality: Quality | None = None,
        look: Callable[[Tensor], None] = lambda x: None,
    ) -> tuple[Tensor, Tail]:
        """Sounds (n,) -> mel (frames, 80) without the prompt's, and what the next window should be given."""
        laid = self.lay(sounds, prompt, generator, tail)
        handed = tuple(torch.cat([one[: laid.first], one[-TAIL:]]) for one in (laid.x, laid.mu))
        mel = self.rendered([laid], quality, look=look)[0]
        return mel, handed  # type: ignore[return-value]  # two of them

    def lay(self, sounds: Tensor, prompt: Prompt, generator: torch.Generator, tail: Tail | None = None) -> Laid:
        """`tail` is what the window before handed on."""
        first, frames = len(prompt.mel), self.frames(len(sounds))
        hidden = self.encoder_proj(self.encoder(self.embedded(torch.cat([prompt.sounds, sounds]))))[0]
        count = len(prompt.sounds)
        mu = self.length_regulator(hidden[:count], hidden[count:], first, frames, self.frames(OVERLAP))
        x = torch.randn((MELS, first + frames), generator=generator).T.to(mu)
        if tail is not None:
            kept = len(tail[0])
            x = torch.cat([tail[0].to(x), x[kept:]])
            mu = torch.cat([tail[1], mu[kept:]])
        return self._laid(x, mu, prompt)


def _key(prompt: Prompt, quality: Quality, left: int | None) -> bytes:
    """What a stream's beginning depends on."""
    whole = hashlib.sha256(repr((quality, left)).encode())
    for part in (prompt.sounds, prompt.mel, prompt.speaker):
        whole.update(part.contiguous().numpy().tobytes())
    return whole.digest()


def _padded(x: Tensor, frames: int) -> Tensor:
    return functional.pad(x, (0, 0, 0, frames - len(x)))


def build(sizes: Sizes) -> Flow:
    """The empty flow of a generation, for weights to be loaded into."""
    kind = {1: FirstFlow, 2: SecondFlow, 3: ThirdFlow}[sizes.generation]
    return kind(sizes.flow, sizes.ids.sounds, sizes.speaker)
