"""A ChatTTS checkpoint in memory: all that speaking needs, loaded strictly from a folder in the published layout."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from studio.engines.chattts.config import read_sizes
from studio.engines.chattts.dvae import Dvae, HiddenDecoder
from studio.engines.chattts.fsq import Version
from studio.engines.chattts.model import Embed, Gpt
from studio.engines.chattts.speakers import statistics
from studio.engines.chattts.tokenizer import Tokenizer
from studio.engines.chattts.vocoder import Vocoder
from studio.nn.decoder import Decoder
from studio.nn.linear import Precision
from studio.nn.loading import Module, let_go, load

TEXT_TABLE = "embed_tokens.weight"  # of a plain Llama; ChatTTS has none, and some exports carry it


class Checkpoint:
    """The modules of one checkpoint on one device. What only audio prompts need is loaded when one comes."""

    def __init__(
        self, root: Path, precision: Precision = "fp32", device: str = "cpu", version: Version = "1.12.5"
    ) -> None:
        """`root` holds `asset/`. `version` is that of the quantiser's arithmetic. `BadFile` names what does not fit."""
        self.root, self.precision = root, precision
        self.device = torch.device(device)
        self.sizes = read_sizes(root)
        self._version: Version = version
        assets = root / "asset"
        self.tokenizer = Tokenizer(assets / "tokenizer")
        weights = assets / "gpt" / "model.safetensors"
        decoder = load(lambda: Decoder(self.sizes.gpt), weights, optional={TEXT_TABLE}).to(self.device)
        # Before the next file is opened: the weights as they stand in this one are let go.
        decoder.pack(precision, let_go(weights))
        embed = load(lambda: Embed(self.sizes.embed), assets / "Embed.safetensors").to(self.device)
        embed.pack(precision)
        self.gpt = Gpt(decoder, embed)
        self.hidden_decoder = self._whole(lambda: HiddenDecoder(self.sizes.decoder), "Decoder.safetensors")
        self.vocoder = self._whole(lambda: Vocoder(self.sizes.vocos), "Vocos.safetensors", Vocoder.our_key)

    @cached_property
    def dvae(self) -> Dvae:
        return self._whole(lambda: Dvae(self.sizes, self._version), "DVAE.safetensors")

    @cached_property
    def speakers(self) -> tuple[Tensor, Tensor]:
        """Spread and mean of the model's speakers, float16."""
        return statistics(self.sizes.speakers, self.sizes.gpt.dim)

    def _whole(self, build: Callable[[], Module], name: str, rename: Callable[[str], str] = str) -> Module:
        """A module that stays in float32: together they are a fifth of the work, and they make the sound."""
        return load(build, self.root / "asset" / name, rename=rename).float().to(self.device)
