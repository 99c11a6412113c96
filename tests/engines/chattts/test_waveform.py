"""Sound in pieces is the sound of the whole, at a cost that grows with the length."""

import pytest
import torch
from torch import Tensor

from studio.engines.chattts.checkpoint import Checkpoint
from studio.engines.chattts.config import PUBLISHED
from studio.engines.chattts.dvae import HiddenDecoder
from studio.engines.chattts.vocoder import Vocoder
from studio.engines.chattts.waveform import CONTEXT, FIRST, WaveStream, length, whole

from .conftest import TINY


class Decoding:
    """A decoder and a vocoder; remembers how many frames it was given."""

    def __init__(self, decoder: HiddenDecoder, vocoder: Vocoder, dim: int) -> None:
        self.decoder, self.vocoder, self.dim, self.frames = decoder, vocoder, dim, 0

    def __call__(self, frames: Tensor) -> Tensor:
        self.frames += len(frames)
        with torch.inference_mode():
            return self.vocoder(self.decoder(frames.T[None]))[0]


def small() -> Decoding:
    checkpoint = Checkpoint(TINY)
    return Decoding(checkpoint.hidden_decoder, checkpoint.vocoder, checkpoint.sizes.gpt.dim)


def large() -> Decoding:
    """Random weights of the published size, each block as strong as what passes it by: more than training leaves."""
    torch.manual_seed(1)
    decoder, vocoder = HiddenDecoder(PUBLISHED["decoder"]).eval(), Vocoder(PUBLISHED["vocos"]).eval()
    decoder.coef.fill_(1.0)
    vocoder.head.istft.window.copy_(torch.hann_window(1024))
    return Decoding(decoder, vocoder, PUBLISHED["gpt"]["hidden_size"])


@pytest.fixture(scope="module", params=[small, large], ids=["small", "published size"])
def decoding(request: pytest.FixtureRequest) -> Decoding:
    return request.param()


@pytest.mark.parametrize("count", [1, 2, 27, 28, 29, 52, 53, 150])
@pytest.mark.parametrize("step", [1, 7, 24, 48])
def test_pieces_joined_are_the_whole(decoding: Decoding, count: int, step: int) -> None:
    frames = torch.randn(count, decoding.dim, generator=torch.Generator().manual_seed(count))
    stream, pieces = WaveStream(decoding), []
    for have in range(step, count + step, step):
        have = min(have, count)
        while stream.ready(have):
            pieces.append(stream.piece(frames[:have]))
    while not stream.done(count):
        pieces.append(stream.piece(frames, last=True))
    joined, at_once = torch.cat(pieces), decoding(frames)
    assert len(joined) == len(at_once) == length(count)
    torch.testing.assert_close(joined, at_once, atol=1e-4, rtol=0)


def test_the_first_sound_needs_six_tenths_of_a_second(decoding: Decoding) -> None:
    stream = WaveStream(decoding)
    assert not stream.ready(CONTEXT + FIRST - 1)
    assert stream.ready(CONTEXT + FIRST)
    assert (CONTEXT + FIRST) * 512 / 24_000 < 0.61


def test_twice_the_length_costs_twice_the_work() -> None:
    decoding, cost = small(), []
    for count in (600, 1200):
        decoding.frames, stream = 0, WaveStream(decoding)
        frames = torch.zeros(count, decoding.dim)
        for have in range(1, count + 1):
            while stream.ready(have):
                stream.piece(frames[:have])
        cost.append(decoding.frames)
    assert cost[1] < 2.1 * cost[0]
    assert cost[1] < 2.2 * 1200


def test_long_utterances_are_decoded_in_windows(decoding: Decoding) -> None:
    frames = torch.randn(700, decoding.dim, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(whole(decoding, frames), decoding(frames), atol=1e-4, rtol=0)


def test_nothing_is_no_sound() -> None:
    assert len(whole(small(), torch.zeros(0, 64))) == 0
