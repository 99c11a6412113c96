"""ChatTTS, from hidden states and codes to sound and back, against the reference."""

import json

import pytest
import torch
from torch import nn

from studio.engines.chattts.checkpoint import Checkpoint
from studio.engines.chattts.config import PUBLISHED, Sizes, read_sizes
from studio.engines.chattts.dvae import Dvae, HiddenDecoder
from studio.engines.chattts.fsq import VERSIONS
from studio.engines.chattts.model import Embed
from studio.engines.chattts.vocoder import Vocoder
from studio.nn.decoder import Decoder

from .fixtures import beginning, case, folder

LOG_FLOOR = -5.0  # magnitudes below are rounding errors of the Fourier transform, which differ between processors


@pytest.fixture(scope="module")
def tiny() -> Checkpoint:
    if not (folder("chattts") / "tiny" / "asset").is_dir():
        pytest.skip("no small checkpoint in the parity folder")
    return Checkpoint(folder("chattts") / "tiny")


@pytest.mark.parametrize("id", beginning("chattts", "g_decoder"))
def test_chattts_hidden_states_to_sound(tiny: Checkpoint, id: str) -> None:
    one = case("chattts", id)
    mel = tiny.hidden_decoder(one.tensor("hiddens"))
    one.compare("mel", mel)
    one.compare("wav", tiny.vocoder(mel))


@pytest.mark.parametrize("id", beginning("chattts", "g_dvae"))
def test_chattts_codes_to_sound(tiny: Checkpoint, id: str) -> None:
    one = case("chattts", id)
    one.compare("vq_feat", tiny.dvae.quantizer.decode(one.tensor("ids")))
    mel = tiny.dvae(one.tensor("ids"))
    one.compare("mel", mel)
    one.compare("wav", tiny.vocoder(mel))


def near(ours: torch.Tensor, wanted: torch.Tensor) -> None:
    """The same codes, but for a value on the border of two levels, which may fall either way."""
    assert ours.shape == wanted.shape
    assert (ours == wanted).float().mean() >= 0.99


def padded(rows: list[torch.Tensor]) -> torch.Tensor:
    return nn.utils.rnn.pad_sequence(rows, batch_first=True).transpose(1, 2)


def test_chattts_a_padded_batch_of_hidden_states_to_sound(tiny: Checkpoint) -> None:
    one = case("chattts", "g_batch_decoder")
    rows = [one.tensor(name) for name in one.names if name.startswith("hiddens")]
    one.compare("wavs", tiny.vocoder(tiny.hidden_decoder(padded(rows))))


def test_chattts_a_padded_batch_of_codes_to_sound(tiny: Checkpoint) -> None:
    one = case("chattts", "g_batch_dvae")
    rows = [one.tensor(name) for name in one.names if name.startswith("ids")]
    one.compare("wavs", tiny.vocoder(tiny.dvae(padded(rows))))


@pytest.mark.parametrize("id", beginning("chattts", "h_"))
def test_chattts_sound_to_codes(tiny: Checkpoint, id: str) -> None:
    one = case("chattts", id)
    sound = one.tensor("wav")
    ours, wanted = tiny.dvae.log_mel(sound), one.tensor("log_mel")
    loud = wanted > LOG_FLOOR
    torch.testing.assert_close(ours[loud], wanted[loud], atol=2e-4, rtol=2e-4)
    torch.testing.assert_close(ours.exp(), wanted.exp(), atol=1e-5, rtol=2e-4)
    near(tiny.dvae.encode(sound), one.tensor("ids"))


@pytest.mark.parametrize("version", VERSIONS)
def test_chattts_every_arithmetic_of_the_quantiser(tiny: Checkpoint, version: str) -> None:
    one = case("chattts", "l_vq_versions")
    letter = "ABCD"[VERSIONS.index(version)]  # type: ignore[arg-type]
    tiny.dvae.quantizer.version = version  # type: ignore[assignment]
    try:
        one.compare(f"{letter}/dec_feat", tiny.dvae.quantizer.decode(one.tensor("ids_in")))
        one.compare(f"{letter}/dec_mel", tiny.dvae(one.tensor("ids_in")))
        for name in ("h_speech", "h_chirp"):
            near(tiny.dvae.encode(case("chattts", name).tensor("wav")), one.tensor(f"{letter}/enc_{name}"))
    finally:
        tiny.dvae.quantizer.version = VERSIONS[1]


def published() -> Sizes:
    return read_sizes(folder("chattts"))  # no checkpoint there: the published sizes


MODULES = {
    "Decoder.safetensors": lambda sizes: HiddenDecoder(sizes.decoder),
    "DVAE.safetensors": lambda sizes: Dvae(sizes),
    "Vocos.safetensors": lambda sizes: Vocoder(sizes.vocos),
    "Embed.safetensors": lambda sizes: Embed(sizes.embed),
    "gpt/model.safetensors": lambda sizes: Decoder(sizes.gpt),
}


@pytest.mark.parametrize("file", MODULES)
def test_chattts_modules_hold_exactly_the_published_keys_and_shapes(file: str) -> None:
    path = folder("chattts") / "full_size_keys.json"
    if not path.is_file():
        pytest.skip("no list of published keys in the parity folder")
    keys = json.loads(path.read_text("utf-8"))["modules"][file]["keys"]
    rename = Vocoder.our_key if file.startswith("Vocos") else str
    with torch.device("meta"):
        module = MODULES[file](published())
    ours = {name: list(value.shape) for name, value in module.state_dict().items()}
    assert ours == {rename(name): facts["shape"] for name, facts in keys.items()}


def test_chattts_the_published_sizes_are_the_default_ones() -> None:
    assert PUBLISHED["gpt"]["num_text_tokens"] == 21178
    assert published().gpt.layers == 20
