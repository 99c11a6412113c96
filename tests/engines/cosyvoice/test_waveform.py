"""Mel in pieces to sound in pieces: the same as at once."""

import pytest
import torch
from torch.nn import functional

from studio.engines.cosyvoice.checkpoint import Checkpoint
from studio.engines.cosyvoice.source import OwnChance
from studio.engines.cosyvoice.waveform import Faster, WaveStream, reach

from .conftest import PARITY

CUTS = ([190], [50, 100, 40], [30] * 6 + [10], [1] * 20 + [170], [189, 1])


@pytest.mark.parametrize("part", ["v1", "v2", "v3"])
@pytest.mark.parametrize("cuts", CUTS, ids=lambda cuts: f"{len(cuts)} pieces")
def test_sound_in_pieces_is_the_sound_at_once(part: str, cuts: list[int]) -> None:
    vocoder = Checkpoint(PARITY / part / "model").vocoder
    mel = torch.randn(190, 80, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        whole = vocoder(mel, OwnChance(5))
        stream, parts, at = WaveStream(vocoder, OwnChance(5)), [], 0
        for number, count in enumerate(cuts):
            parts.append(stream.piece(mel[at : at + count], last=number == len(cuts) - 1))
            at += count
            if not number and len(cuts) > 3:
                assert len(stream._mel) <= count
        found = torch.cat(parts)
    assert len(found) == len(whole) == 190 * vocoder.sizes.scale
    noise = ((found - whole) ** 2).mean() / (whole**2).mean()
    assert noise < 1e-6  # the pitch's last digit, through a phase that adds up
    kept = sum(reach(vocoder.sizes, vocoder.causal)) + 40
    assert len(stream._mel) <= max(kept, max(cuts) + kept)


@pytest.mark.parametrize("part", ["v1", "v2", "v3"])
def test_lines_at_once_sound_as_alone(part: str) -> None:
    """To a few last digits, and to the last bit for whatever company and place in it, where the shape is the same."""
    vocoder = Checkpoint(PARITY / part / "model").vocoder
    generator = torch.Generator().manual_seed(1)
    mels = [torch.randn(frames, 80, generator=generator) for frames in (5, 128, 1, 90)]
    with torch.inference_mode():
        alone = [vocoder(mel, OwnChance(at)) for at, mel in enumerate(mels)]
        lines = [WaveStream(vocoder, OwnChance(at)).excited(mel) for at, mel in enumerate(mels)]
        sources = [source for _, source in lines]
        found = {frames: vocoder.several(mels, sources, frames) for frames in (0, 256)}
        for frames, made in found.items():
            for one, own in zip(made, alone, strict=True):
                assert one.shape == own.shape
                # other shapes sum in another order: up to 7e-5 was seen, of signals whose peaks are at 1
                torch.testing.assert_close(one, own, atol=1e-4, rtol=0, msg=f"{part}, {frames} frames")
                assert (one - own).square().sum() < 1e-8 * own.square().sum()
        backwards = vocoder.several(mels[::-1], sources[::-1], 256)[::-1]
        filled = vocoder.several([mels[3]] * 4, [sources[3]] * 4, 256)
    assert all(torch.equal(*pair) for pair in zip(backwards, found[256], strict=True))
    assert torch.equal(filled[0], found[256][3])


@pytest.mark.parametrize("speed", [0.5, 0.7, 1.3, 2.0])
def test_another_speed_is_the_same_whole_and_in_pieces(speed: float) -> None:
    mel = torch.randn(190, 80, generator=torch.Generator().manual_seed(3))
    wanted = functional.interpolate(mel.T[None], size=int(190 / speed), mode="linear")[0].T
    torch.testing.assert_close(Faster(speed).piece(mel, last=True), wanted, atol=1e-5, rtol=0)
    found = []
    for cuts in ((60, 61, 150), (10, 11, 12)):
        faster, before, parts = Faster(speed), 0, []
        for at in cuts:
            parts.append(faster.piece(mel[before:at]))
            before = at
        found.append(torch.cat([*parts, faster.piece(mel[before:], last=True)]))
    assert torch.equal(*found)
    assert len(found[0]) == len(wanted)
