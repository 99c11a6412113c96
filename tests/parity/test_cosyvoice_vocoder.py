"""CosyVoice's vocoder: pitch, excitation, sound, against the reference."""

import json

import pytest
import torch
from torch import Tensor

from studio.engines.cosyvoice.source import FixedChance, OwnChance, published_generator
from studio.engines.cosyvoice.vocoder import PITCH_AHEAD, Vocoder

from .cosyvoice_cases import ROOT, Case, case, of_stage, tiny


class Drawn:
    """As the reference draws: channel after channel, for as many samples as it is asked at once.

    The second generation fills a view of what is turned round, for which PyTorch draws in another way.
    """

    def __init__(self, generator: torch.Generator, part: str) -> None:
        self.generator, self.turned = generator, part == "v2"

    def phases(self, harmonics: int) -> Tensor:
        return torch.rand(harmonics, generator=self.generator)

    def noise(self, samples: int, harmonics: int) -> Tensor:
        drawn = torch.empty((1, harmonics, samples))
        (drawn.mT if self.turned else drawn).normal_(generator=self.generator)
        torch.randn(samples, generator=self.generator)  # drawn there, and not used
        return drawn[0].T


class Taken:
    """The draws that a case recorded."""

    def __init__(self, one: Case, channels_first: bool) -> None:
        self.begin = one.tensor("rng.uniform01" if channels_first else "rng.rand_ini").flatten()
        noise = one.tensor("rng.noise")[0]
        self.drawn = noise.T if channels_first else noise

    def phases(self, harmonics: int) -> Tensor:
        return self.begin.clone()

    def noise(self, samples: int, harmonics: int) -> Tensor:
        return self.drawn[:samples]


def seeded(seed: int, part: str) -> Drawn:
    return Drawn(torch.Generator().manual_seed(seed), part)


def fixed(seed: int) -> FixedChance:
    return FixedChance(torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("part", "id"), of_stage("hift", parts=("v1", "v2")))
def test_cosyvoice_vocoder(part: str, id: str) -> None:
    one, vocoder = case(part, id), tiny(part).vocoder
    mel = one.row("in.mel").T
    pitch = vocoder.pitch(mel)
    one.compare("out.f0", pitch)
    source = vocoder.m_source(pitch, seeded(one.params["torch_manual_seed"], part))
    if "rng.noise" in one.facts["tensors"]:
        again = vocoder.m_source(pitch, Taken(one, part == "v1"))
        torch.testing.assert_close(source, again, atol=1e-6, rtol=0)
    if "in.cache_source" in one.facts["tensors"]:
        kept = one.tensor("in.cache_source").flatten()
        source = torch.cat([kept, source[len(kept) :]])
    one.compare("out.source", source)
    one.compare("out.wav", vocoder.decode(mel, source))


@pytest.mark.parametrize(("part", "id"), of_stage("hift", parts=("v3",)))
def test_cosyvoice_causal_vocoder(part: str, id: str) -> None:
    one, vocoder = case(part, id), tiny(part).vocoder
    mel, chance = one.row("in.mel").T, fixed(one.params["noise_seed"])
    ahead = 0 if one.params["finalize"] else vocoder.sizes.ahead
    pitch = vocoder.pitch(mel)
    if ahead:
        pitch, mel = pitch[:-PITCH_AHEAD], mel[:-PITCH_AHEAD]
    one.compare("out.f0", pitch)
    source = vocoder.m_source(pitch, chance)
    one.compare("out.source", source)
    wave = vocoder.decode(mel, source, ahead)
    one.compare("out.wav", wave[: -vocoder.sizes.scale] if ahead else wave)


@pytest.mark.parametrize(("part", "id"), of_stage("hift.decode"))
def test_cosyvoice_decoding(part: str, id: str) -> None:
    one, vocoder = case(part, id), tiny(part).vocoder
    mel, source = one.row("in.mel").T, one.tensor("in.source").flatten()
    for name in one.names("out."):
        match name:
            case "out.wav" | "out.wav_final":
                one.compare(name, vocoder.decode(mel, source))
            case "out.wav_for_mel_times_6":
                one.compare(name, vocoder.decode(6 * mel, source))
            case "out.wav_chunk":
                short = source[: -PITCH_AHEAD * vocoder.sizes.scale]
                wave = vocoder.decode(mel[:-PITCH_AHEAD], short, vocoder.sizes.ahead)
                one.compare(name, wave[: -vocoder.sizes.scale])
            case _:
                raise AssertionError(name)
    sizes = vocoder.sizes
    if "mid.stft_real_first_40" in one.facts["tensors"]:
        spectrum = torch.stft(source[None], sizes.fft, sizes.hop, window=vocoder.window, return_complex=True)
        one.compare("mid.stft_real_first_40", spectrum.real[..., :40])
        one.compare("mid.stft_imag_first_40", spectrum.imag[..., :40])


@pytest.mark.parametrize(("part", "id"), of_stage("hift.source"))
def test_cosyvoice_excitation(part: str, id: str) -> None:
    one, vocoder = case(part, id), tiny(part).vocoder
    pitch, params = one.tensor("in.f0").flatten(), one.params
    chance = fixed(params["noise_seed"]) if part == "v3" else seeded(params["torch_manual_seed"], part)
    one.compare("out.source", vocoder.m_source(pitch, chance))
    voiced = pitch.repeat_interleave(vocoder.sizes.scale) > vocoder.sizes.voiced
    one.compare("out.uv", voiced)


def test_cosyvoice_where_a_harmonic_begins_is_lost() -> None:
    one, source = case("v2", "hift_initial_phase"), tiny("v2").vocoder.m_source
    pitch = torch.linspace(100, 200, 7)
    same = torch.equal(source.sines(pitch, torch.zeros(9)), source.sines(pitch, torch.rand(9)))
    assert same is not one.params["initial_phase_changes_source"]


def test_cosyvoice_fixed_noise() -> None:
    one = case("v3", "hift_noise")
    chance = fixed(one.params["seed"])
    assert torch.equal(chance.phases(9)[1:], one.tensor("out.rand_ini")[0, 1:])
    parts = torch.cat([chance.noise(70, 9), chance.noise(130, 9)])
    assert torch.equal(parts, one.tensor("out.sine_noise_first_200")[0])


def test_cosyvoice_published_noise() -> None:
    path = ROOT / "v3" / "published_noise.json"
    if not path.is_file():
        pytest.skip(f"{ROOT} has no {path.name}")
    facts = json.loads(path.read_text("utf-8"))
    sizes = published_sizes()
    chance = FixedChance(published_generator(sizes))
    assert chance.phases(9)[1:].tolist() == facts["rand_ini"][1:]
    noise = chance.noise(1001, 9)
    assert noise[:3].tolist() == facts["noise_first_rows"]
    assert noise[1000].tolist() == facts["noise_row_1000"]


def published_sizes():  # type: ignore[no-untyped-def]
    """The small checkpoint's, at the sizes of the published third generation that its noise depends on."""
    from dataclasses import replace

    sizes = tiny("v3").sizes
    return replace(
        sizes,
        ids=replace(sizes.ids, sounds=6561),
        vocoder=replace(sizes.vocoder, pitch_channels=512),
    )


def test_cosyvoice_own_noise_does_not_depend_on_pieces() -> None:
    whole, pieces = OwnChance(3), OwnChance(3)
    assert torch.equal(whole.phases(9), pieces.phases(9))
    wanted = whole.noise(20_000, 9)
    assert torch.equal(torch.cat([pieces.noise(n, 9) for n in (1, 4800, 7000, 8199)]), wanted)


@pytest.mark.parametrize("part", ["v1", "v2", "v3"])
def test_cosyvoice_vocoder_has_the_published_scale(part: str) -> None:
    vocoder = tiny(part).vocoder
    assert isinstance(vocoder, Vocoder)
    assert vocoder.sizes.scale == tiny(part).sizes.mel.hop
