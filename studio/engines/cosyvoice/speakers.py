"""Speakers that a checkpoint brings along, and those that somebody saved for the published code (`spk2info.pt`).

A dictionary of names. An entry holds an embedding; one that was saved from a clip holds all that was heard in it and
the transcript's ids, so that it needs no clip. Read without running anything in the file.
"""

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from studio.errors import BadFile

FILE = "spk2info.pt"
LARGEST = 256 << 20  # bytes
MOST = 10_000  # speakers


@dataclass(frozen=True, eq=False)
class Speaker:
    """One entry."""

    speaker: Tensor  # (n,) float32
    sounds: Tensor | None = None  # of its clip: (n,) int64
    mel: Tensor | None = None  # (frames, 80)
    text: Tensor | None = None  # ids of its transcript


def read_speakers(root: Path, size: int = 192) -> dict[str, Speaker]:
    """The speakers in a checkpoint's folder, none where it has no such file. `BadFile` for anything unexpected."""
    path = root if root.is_file() else root / FILE
    if not path.is_file():
        return {}
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is too large")
        found = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(found, dict) or len(found) > MOST:
            raise ValueError("it holds no speakers by name")
        return {str(name): _speaker(name, given, size) for name, given in found.items()}
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise BadFile(
            f"{path.name}: not a file of CosyVoice speakers ({reason}); take another copy",
            f"{path.name}：不是 CosyVoice 的说话人文件（{reason}）；请换一份文件",
            where=str(path),
        ) from error


def _speaker(name: Any, given: Any, size: int) -> Speaker:
    if not isinstance(given, dict):
        raise ValueError(f"“{name}” is no entry")
    embedding = given.get("embedding", given.get("flow_embedding"))
    if not isinstance(embedding, Tensor) or embedding.numel() != size or not embedding.isfinite().all():
        raise ValueError(f"“{name}” has no embedding of {size} numbers")
    speaker = embedding.flatten().float()
    if "flow_prompt_speech_token" not in given:
        return Speaker(speaker)
    sounds, mel = given["flow_prompt_speech_token"], given["prompt_speech_feat"]
    if mel.ndim != 3 or not mel.isfinite().all() or sounds.dtype.is_floating_point:
        raise ValueError(f"“{name}” has a clip of another kind")
    text = given.get("prompt_text")
    ids = None if text is None else text.flatten().long()
    return Speaker(speaker, sounds.flatten().long(), mel[0].float(), ids)
