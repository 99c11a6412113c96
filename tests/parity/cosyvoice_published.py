"""Checkpoints as they are published: the configuration at full size, and the small ones in the published layout."""

import json
import shutil
from pathlib import Path

HERE = Path(__file__).parent / "cosyvoice"


def write_checkpoint(part: str, target: Path) -> None:
    """A small checkpoint with its weights in `.pt`."""
    import torch
    from safetensors.torch import load_file

    model = HERE / part / "model"
    shutil.copytree(model, target, ignore=shutil.ignore_patterns("*.safetensors"))
    for name in ("llm", "flow", "hift"):
        tensors = load_file(model / f"{name}.safetensors")
        torch.save({key: value.float() for key, value in tensors.items()}, target / f"{name}.pt")


QWEN = {
    "model_type": "qwen2", "vocab_size": 151936, "hidden_size": 896, "intermediate_size": 4864,
    "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2,
    "max_position_embeddings": 32768, "rope_theta": 1000000.0, "rms_norm_eps": 1e-06,
}  # fmt: skip
VOCODER = [("upsample_rates: [8, 5, 3]", "upsample_rates: [8, 5, 3]"), ("base_channels: 24", "base_channels: 512"),
           ("cond_channels: 16", "cond_channels: 512")]  # fmt: skip
PUBLISHED = {
    "v1": [
        ("speech_token_size: 300", "speech_token_size: 4096"), ("vocab_size: 300", "vocab_size: 4096"),
        ("text_encoder_input_size: 4\n", "text_encoder_input_size: 512\n"),
        ("llm_input_size: 40", "llm_input_size: 1024"), ("llm_output_size: 40", "llm_output_size: 1024"),
        ("output_size: 32\n        attention_heads: 2\n        linear_units: 48\n        num_blocks: 2\n"
         "        dropout_rate: 0.1\n        positional_dropout_rate: 0.1\n        attention_dropout_rate: 0.0",
         "output_size: 1024\n        attention_heads: 16\n        linear_units: 4096\n        num_blocks: 6"),
        ("attention_heads: 4\n        linear_units: 64\n        num_blocks: 2",
         "attention_heads: 16\n        linear_units: 4096\n        num_blocks: 14"),
        ("output_size: 32\n        attention_heads: 2\n        linear_units: 48\n        num_blocks: 2",
         "output_size: 512\n        attention_heads: 8\n        linear_units: 2048\n        num_blocks: 6"),
        ("input_size: 32", "input_size: 512"), ("channels: [16, 16]", "channels: [256, 256]"),
        ("attention_head_dim: 12\n            n_blocks: 1\n            num_mid_blocks: 2\n            num_heads: 2",
         "attention_head_dim: 64\n            n_blocks: 4\n            num_mid_blocks: 12\n            num_heads: 8"),
        ("base_channels: 16", "base_channels: 512"), ("cond_channels: 16", "cond_channels: 512"),
    ],
    "v2": [
        ("llm_input_size: 32", "llm_input_size: 896"), ("llm_output_size: 32", "llm_output_size: 896"),
        ("speech_token_size: 300", "speech_token_size: 6561"), ("vocab_size: 300", "vocab_size: 6561"),
        ("output_size: 32\n        attention_heads: 2\n        linear_units: 48\n        num_blocks: 2",
         "output_size: 512\n        attention_heads: 8\n        linear_units: 2048\n        num_blocks: 6"),
        ("input_size: 32\n    output_size: 80", "input_size: 512\n    output_size: 80"),
        ("        input_size: 32", "        input_size: 512"), ("channels: [16]", "channels: [256]"),
        ("attention_head_dim: 12\n            n_blocks: 1\n            num_mid_blocks: 2\n            num_heads: 2",
         "attention_head_dim: 64\n            n_blocks: 4\n            num_mid_blocks: 12\n            num_heads: 8"),
        *VOCODER,
    ],
    "v3": [
        ("llm_input_size: 32", "llm_input_size: 896"), ("llm_output_size: 32", "llm_output_size: 896"),
        ("speech_token_size: 300", "speech_token_size: 6561"), ("vocab_size: 300", "vocab_size: 6561"),
        ("channels: 40", "channels: 1024"),
        ("dim: 48\n            depth: 2\n            heads: 2\n            dim_head: 16",
         "dim: 1024\n            depth: 22\n            heads: 16\n            dim_head: 64"),
        *VOCODER,
    ],
}  # fmt: skip


def write_configuration(part: str, small: Path, folder: Path) -> None:
    """Into `folder`, what `read_sizes` reads, for the generation of the small checkpoint in `small`."""
    path = next(small.glob("*.yaml"))
    given = path.read_text("utf-8")
    for old, new in PUBLISHED[part]:
        if old not in given:
            raise ValueError(f"{path.name} has no {old}")
        given = given.replace(old, new)
    (folder / path.name).write_text(given, "utf-8")
    if part != "v1":
        qwen = folder / "CosyVoice-BlankEN"
        qwen.mkdir(exist_ok=True)
        (qwen / "config.json").write_text(json.dumps(QWEN), "utf-8")
