"""What is heard in a clip: mel frames for the flow, sounds and a speaker's embedding through the checkpoint's ONNX
files.

Three spectrograms, each as the model behind it was trained: Whisper's for the sounds, Kaldi's for the speaker,
HiFi-GAN's for the flow.
"""

from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from studio.engines.cosyvoice.sizes import MELS, Generation, MelSizes
from studio.errors import BadFile

HEARD_RATE = 16_000  # of what the ONNX files are given
WHISPER_FFT, WHISPER_HOP, WHISPER_MELS = 400, 160, 128
SPEAKER_FILE = "campplus.onnx"


def resampled(samples: Tensor, rate: int, wanted: int) -> Tensor:
    """(n,) at another rate: windowed sinc, as the published code resamples."""
    if rate == wanted:
        return samples
    from torchaudio.functional import resample

    return resample(samples, rate, wanted)


def whisper_mel(samples: Tensor) -> Tensor:
    """(n,) at 16 kHz -> (128, frames), as Whisper sees it, not padded."""
    window = torch.hann_window(WHISPER_FFT)
    power = torch.stft(samples, WHISPER_FFT, WHISPER_HOP, window=window, return_complex=True)[:, :-1].abs().square()
    mel = _bank(HEARD_RATE, WHISPER_FFT, WHISPER_MELS, 0.0, HEARD_RATE / 2) @ power
    levels = mel.clamp(min=1e-10).log10()
    return (levels.clamp(min=levels.max() - 8.0) + 4.0) / 4.0


def speaker_mel(samples: Tensor) -> Tensor:
    """(n,) at 16 kHz -> (frames, 80): Kaldi's log-mel without its mean over time."""
    from torchaudio.compliance import kaldi

    frames = kaldi.fbank(samples[None], num_mel_bins=MELS, dither=0.0, sample_frequency=HEARD_RATE)
    return frames - frames.mean(0, keepdim=True)


def flow_mel(samples: Tensor, sizes: MelSizes) -> Tensor:
    """(n,) at `sizes.rate` -> (frames, 80)."""
    pad = (sizes.fft - sizes.hop) // 2
    padded = functional.pad(samples[None, None], (pad, pad), mode="reflect")[0, 0]
    window = torch.hann_window(sizes.window)
    spectrum = torch.stft(padded, sizes.fft, sizes.hop, sizes.window, window=window, center=False, return_complex=True)
    loudness = (torch.view_as_real(spectrum).square().sum(-1) + 1e-9).sqrt()
    high = sizes.rate / 2 if sizes.high is None else sizes.high
    return (_bank(sizes.rate, sizes.fft, MELS, sizes.low, high) @ loudness).clamp(min=1e-5).log().T


@lru_cache(maxsize=8)
def _bank(rate: int, fft: int, mels: int, low: float, high: float) -> Tensor:
    """(mels, fft // 2 + 1): Slaney's mel filters. Kept by all they depend on, so that models do not meet in them."""
    from torchaudio.functional import melscale_fbanks

    return melscale_fbanks(fft // 2 + 1, low, high, mels, rate, norm="slaney", mel_scale="slaney").T.contiguous()


class Ears:
    """The ONNX files of a checkpoint, opened when they are first used."""

    def __init__(self, root: Path, generation: Generation, vocabulary: int, speaker: int) -> None:
        self._sounds = root / f"speech_tokenizer_v{generation}.onnx"
        self._speaker = root / SPEAKER_FILE
        self._vocabulary, self._size = vocabulary, speaker
        self._session = cache(_session)

    def sounds(self, samples: Tensor) -> Tensor:
        """(n,) at 16 kHz -> the speech ids (m,) int64 in it. `BadFile` for a file that hears something else."""
        feats = whisper_mel(samples)[None]
        found = self._run(self._sounds, [feats.numpy(), _count(feats.shape[2])])
        ids = torch.from_numpy(found.astype("int64")).flatten()
        if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < self._vocabulary:
            raise _other(self._sounds, f"gives ids up to {int(ids.max())}, the model knows {self._vocabulary}")
        return ids

    def speaker(self, samples: Tensor) -> Tensor:
        """(n,) at 16 kHz -> the embedding (192,) float32 of who speaks."""
        found = self._run(self._speaker, [speaker_mel(samples)[None].numpy()])
        embedding = torch.from_numpy(found).flatten().float()
        if len(embedding) != self._size:
            raise _other(self._speaker, f"gives {len(embedding)} numbers, not {self._size}")
        return embedding

    def _run(self, path: Path, given: list[Any]) -> Any:
        session = self._session(path)
        names = [one.name for one in session.get_inputs()]
        if len(names) != len(given):
            raise _other(path, f"takes {len(names)} inputs, not {len(given)}")
        try:
            return session.run(None, dict(zip(names, given, strict=True)))[0]
        except Exception as error:  # the runtime has no common class for what may be wrong
            raise _other(path, str(error).splitlines()[0][:200]) from error


def _count(frames: int) -> Any:
    import numpy as np

    return np.array([frames], dtype=np.int32)


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    if not path.is_file():
        raise _other(path, "is missing")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise _other(path, str(error).splitlines()[0][:200]) from error


def _other(path: Path, reason: str) -> BadFile:
    return BadFile(
        f"{path.name}: {reason}; it is not the file of this model. Install the model again, or check the folder",
        f"{path.name}：{reason}；它不是该模型的文件。请重新安装模型，或检查所给的文件夹",
        where=str(path),
    )
