"""The sizes of a ChatTTS checkpoint: the published ones, or what the checkpoint's own `config.json` says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.engines.chattts.model import EmbedConfig
from studio.errors import BadFile
from studio.nn.cache import DecoderConfig

LARGEST = 1 << 20  # bytes of a configuration; more is not one
RATE = 24_000  # samples per second
MELS, FFT, HOP = 100, 1024, 256  # of the mel spectrogram
FRAME = 2 * HOP  # samples that one frame of codes stands for

Stack = Mapping[str, int]  # of a convolution stack: idim, odim, hidden, n_layer, bn_dim

PUBLISHED: Mapping[str, Any] = {
    "decoder": {"idim": 384, "odim": 384, "hidden": 512, "n_layer": 12, "bn_dim": 128},
    "dvae": {
        "encoder": {"idim": 512, "odim": 1024, "hidden": 256, "n_layer": 12, "bn_dim": 128},
        "decoder": {"idim": 512, "odim": 512, "hidden": 256, "n_layer": 12, "bn_dim": 128},
        "vq": {"dim": 1024, "levels": [5, 5, 5, 5], "G": 2, "R": 2},
    },
    "gpt": {
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_attention_heads": 12,
        "num_hidden_layers": 20,
        "max_position_embeddings": 4096,
        "num_audio_tokens": 626,
        "num_text_tokens": 21178,
        "num_vq": 4,
    },
    "vocos": {"dim": 512, "intermediate_dim": 1536, "num_layers": 8},
}


@dataclass(frozen=True)
class Sizes:
    """Everything that the modules are built from."""

    decoder: Stack
    dvae_encoder: Stack
    dvae_decoder: Stack
    groups: int  # of the quantiser
    residuals: int
    levels: int  # of one digit
    features: int  # channels that the quantiser codes
    gpt: DecoderConfig
    embed: EmbedConfig
    vocos: Stack  # dim, intermediate_dim, num_layers
    speakers: str = ""  # the checkpoint's own statistics of speakers; empty is the published one


def read_sizes(root: Path) -> Sizes:
    """The sizes of the checkpoint in `root`. `BadFile` names what cannot be."""
    path = root / "config.json"
    given = _read(path) if path.is_file() else PUBLISHED
    try:
        return _sizes(given, _llama(root / "asset" / "gpt" / "config.json", given["gpt"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _bad(path, f"{type(error).__name__}: {error}") from error


def _sizes(given: Mapping[str, Any], llama: Mapping[str, Any]) -> Sizes:
    dvae, quantiser, gpt = given["dvae"], given["dvae"]["vq"], given["gpt"]
    vocos = given["vocos"].get("backbone", {}).get("init_args", given["vocos"])
    if len(set(quantiser["levels"])) != 1:
        raise ValueError(f"levels {quantiser['levels']}: only equal ones are known")
    embed = EmbedConfig(
        *(_whole(gpt, name) for name in ("hidden_size", "num_text_tokens", "num_audio_tokens", "num_vq"))
    )
    decoder = DecoderConfig(
        _whole(llama, "hidden_size"),
        _whole(llama, "num_hidden_layers"),
        _whole(llama, "num_attention_heads"),
        _whole(llama, "intermediate_size"),
        kv_heads=_whole(llama, "num_key_value_heads") if "num_key_value_heads" in llama else 0,
        rope_base=float(llama.get("rope_theta", 10_000.0)),
        eps=float(llama.get("rms_norm_eps", 1e-6)),
        positions=_whole(llama, "max_position_embeddings"),
    )
    return Sizes(
        decoder=given["decoder"],
        dvae_encoder=dvae["encoder"],
        dvae_decoder=dvae["decoder"],
        groups=_whole(quantiser, "G"),
        residuals=_whole(quantiser, "R"),
        levels=_whole({"n": quantiser["levels"][0]}, "n"),
        features=_whole(quantiser, "dim"),
        gpt=decoder,
        embed=embed,
        vocos={name: _whole(vocos, name) for name in ("dim", "intermediate_dim", "num_layers")},
        speakers=str(given.get("spk_stat", "")),
    )


def _llama(path: Path, otherwise: Mapping[str, Any]) -> Mapping[str, Any]:
    """The language model's sizes, which its own file knows best."""
    return {**otherwise, **_read(path)} if path.is_file() else otherwise


def _whole(sizes: Mapping[str, Any], name: str) -> int:
    value = sizes[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1 << 17:
        raise ValueError(f"{name} is {value!r}")
    return value


def _read(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError("it is too large")
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _bad(path, str(error)) from error
    if not isinstance(found, dict):
        raise _bad(path, "it is not an object")
    return found


def _bad(path: Path, reason: str) -> BadFile:
    return BadFile(
        f"{path.name}: not the sizes of a ChatTTS checkpoint ({reason}); install the model again, or check the folder",
        f"{path.name}：不是 ChatTTS 模型的参数文件（{reason}）；请重新安装模型，或检查所给的文件夹",
        where=str(path),
    )
