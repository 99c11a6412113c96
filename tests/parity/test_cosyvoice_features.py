"""What CosyVoice hears in a clip, against the reference."""

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from studio.engines.cosyvoice.features import HEARD_RATE, flow_mel, resampled, speaker_mel, whisper_mel

from .cosyvoice_cases import ROOT, case, tiny


def wave(name: str) -> tuple[Tensor, int]:
    path = ROOT / "common" / name.rpartition("/")[2]
    if not path.is_file():
        pytest.skip(f"{ROOT} has no {path.name}")
    samples, rate = soundfile.read(path, dtype="float32")
    return torch.from_numpy(np.ascontiguousarray(samples)), rate


def heard(name: str = "prompt_3s_24k.wav") -> Tensor:
    return resampled(*wave(name), HEARD_RATE)


def test_cosyvoice_resampling() -> None:
    one = case("common", "resample")
    prompt, lengths = wave("prompt_3s_24k.wav"), one.params["lengths"]
    low, same = resampled(*prompt, 16_000), resampled(*prompt, 22_050)
    source = resampled(*wave("source_1s2_22k.wav"), 16_000)
    assert [len(low), len(same), len(source)] == [
        lengths[f"{name}"] for name in ("prompt_16k", "prompt_22k", "source_16k")
    ]
    one.compare("out.prompt_16k_first_2000", low[:2000])
    one.compare("out.prompt_16k_last_300", low[-300:])
    one.compare("out.prompt_22k_first_2000", same[:2000])
    one.compare("out.source_16k_first_2000", source[:2000])


def test_cosyvoice_spectrograms() -> None:
    case("common", "whisper_log_mel").compare("out.feats", whisper_mel(heard()))
    case("common", "kaldi_fbank").compare("out.feat", speaker_mel(heard()))


@pytest.mark.parametrize("part", ["v2", "v3"])
def test_cosyvoice_mel_of_a_prompt(part: str) -> None:
    sizes = tiny(part).sizes.mel
    case(part, "feat_mel").compare("out.mel", flow_mel(resampled(*wave("prompt_3s_24k.wav"), sizes.rate), sizes).T)


@pytest.mark.parametrize(("id", "rate"), [("feat_mel_22050", 22_050), ("feat_mel_head_24000", 24_000)])
def test_cosyvoice_first_mel_of_a_prompt(id: str, rate: int) -> None:
    one, sizes = case("v1", id), tiny("v1").sizes.mel
    one.compare("out.feat", flow_mel(resampled(*wave("prompt_3s_24k.wav"), rate), sizes))


@pytest.mark.parametrize("part", ["v1", "v2", "v3"])
def test_cosyvoice_ears(part: str) -> None:
    one, ears = case(part, "feat_tokens_embedding"), tiny(part).ears
    assert ears.sounds(heard()).tolist() == one.tensor("out.speech_token").flatten().tolist()
    one.compare("out.embedding", ears.speaker(heard()))
