"""A voice from a clip: what the models need of it, heard once.

Rules that the models were trained with, checked before any work begins: how long a clip may be, how loud it has to be,
at what rate it was recorded, how a transcript fits what is said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from studio.engines.clips import read_clip
from studio.engines.cosyvoice.checkpoint import Checkpoint
from studio.engines.cosyvoice.declaration import LONGEST_PROMPT_S, LOWEST_RATE
from studio.engines.cosyvoice.features import HEARD_RATE, flow_mel, resampled
from studio.engines.cosyvoice.flow import Prompt
from studio.engines.cosyvoice.sizes import MELS, FlowSizes, Sizes
from studio.errors import BadFile

HEARD = "1"  # this way of listening; another number where a clip would be heard otherwise
FASTEST = 40  # characters a second that nobody says: the transcript is of something else


@dataclass(frozen=True, eq=False)
class Reference:
    """What was heard in a clip."""

    sounds: Tensor  # (n,) int64
    mel: Tensor  # (frames, 80)
    speaker: Tensor  # (192,)
    seconds: float  # of the clip

    def prompt(self, sizes: FlowSizes) -> Prompt:
        """What the flow is given: of a long clip its last seconds, all of which it would have to look at again and
        again."""
        most = LONGEST_PROMPT_S * sizes.rate
        if not sizes.frames or len(self.sounds) <= most:
            return Prompt(self.sounds, self.mel, self.speaker)
        return Prompt(self.sounds[-most:], self.mel[-most * sizes.frames :], self.speaker)


def listen(checkpoint: Checkpoint, samples: Tensor, rate: int, *, even: bool = True) -> Reference:
    """What is in a clip (n,) at `rate`. With `even`, sounds and mel frames are cut to fit each other, as the second and
    third generation need it."""
    heard, sizes = resampled(samples, rate, HEARD_RATE), checkpoint.sizes
    sounds = checkpoint.ears.sounds(heard)
    mel = flow_mel(resampled(samples, rate, sizes.mel.rate), sizes.mel)
    if even and (each := sizes.flow.frames):
        count = min(len(mel) // each, len(sounds))
        sounds, mel = sounds[:count], mel[: each * count]
    return Reference(sounds, mel, checkpoint.ears.speaker(heard), len(samples) / rate)


def arrays_of(heard: Reference) -> Mapping[str, Any]:
    """What was heard, to be kept."""
    named = {"sounds": heard.sounds, "mel": heard.mel, "speaker": heard.speaker}
    return {name: one.numpy() for name, one in named.items()} | {"seconds": np.array([heard.seconds], np.float64)}


def reference_of(arrays: Mapping[str, Any]) -> Reference:
    """The inverse; `fits` was asked before."""
    sounds, mel, speaker = (torch.from_numpy(arrays[name].copy()) for name in ("sounds", "mel", "speaker"))
    return Reference(sounds, mel, speaker, float(arrays["seconds"][0]))


def fits(arrays: Mapping[str, Any], sizes: Sizes) -> bool:
    """Whether arrays that were kept are such as this model hears."""
    kinds = {"sounds": ("<i8", 1), "mel": ("<f4", 2), "speaker": ("<f4", 1), "seconds": ("<f8", 1)}
    found = {name: (one.dtype.str, one.ndim) for name, one in arrays.items()}
    if found != kinds:
        return False
    sounds, mel, each = arrays["sounds"], arrays["mel"], sizes.flow.frames
    return bool(
        mel.shape[1] == MELS
        and arrays["speaker"].shape == (sizes.speaker,)
        and arrays["seconds"].shape == (1,)
        and (not each or len(mel) == each * len(sounds))
        and (not len(sounds) or 0 <= sounds.min() <= sounds.max() < sizes.ids.sounds)
        and all(np.isfinite(arrays[name]).all() for name in ("mel", "speaker", "seconds"))
    )


def read(clip: bytes) -> tuple[Tensor, int]:
    """The samples of a clip (an audio file) and their rate; see `read_clip` for what is refused."""
    sound = read_clip(clip, "CosyVoice", lowest=LOWEST_RATE)
    return torch.from_numpy(sound.samples.copy()), sound.rate


def check_transcript(transcript: str, seconds: float) -> None:
    """`BadFile` for a transcript that cannot be of this clip."""
    if len(transcript) > FASTEST * seconds:
        raise BadFile(
            f"the transcript has {len(transcript)} characters for {seconds:.1f} s of speech: it is of another clip; "
            "write what is said in this one, or leave it empty",
            f"文字稿有 {len(transcript)} 个字符，而语音只有 {seconds:.1f} 秒：两者不符；请填写这段录音里说的话，或留空",
            where="voice.transcript",
        )
