"""A CosyVoice checkpoint in memory: all that speaking needs, loaded strictly from a folder in the published layout."""

from pathlib import Path

import torch

from studio.engines.cosyvoice import flow, language
from studio.engines.cosyvoice.features import Ears
from studio.engines.cosyvoice.language import FirstModel, LanguageModel, QwenModel
from studio.engines.cosyvoice.sizes import read_sizes
from studio.engines.cosyvoice.tokenizer import tokenizer
from studio.engines.cosyvoice.vocoder import Vocoder
from studio.nn.linear import Precision
from studio.nn.loading import let_go, load, unnormed

GENERATOR = "generator."  # before every key of a vocoder as it was trained


class Checkpoint:
    """The modules of one checkpoint on one device."""

    def __init__(
        self, root: Path, precision: Precision = "fp32", device: str = "cpu", wanted: int | None = None
    ) -> None:
        """`wanted` is the generation that it has to be. `BadFile` names what does not fit."""
        self.root, self.precision = root, precision
        self.device = torch.device(device)
        self.sizes = read_sizes(root, wanted)
        self.tokenizer = tokenizer(root, self.sizes)
        self.ears = Ears(root, self.sizes.generation, self.sizes.ids.sounds, self.sizes.speaker)
        self.language = self._language(precision)
        self.flow = self._flow(precision)
        self.vocoder = self._vocoder(precision)

    @property
    def generation(self) -> int:
        return self.sizes.generation

    def _language(self, precision: Precision) -> LanguageModel:
        path = weights(self.root, "llm")
        if self.sizes.generation == 1:
            model: LanguageModel = load(lambda: FirstModel(self.sizes), path, rename=FirstModel.our_key)
        else:
            tied = {language.TIED}
            model = load(lambda: QwenModel(self.sizes), path, optional=tied, rename=QwenModel.our_key)
        model.pack(precision, let_go(path), str(self.device))
        return model

    def _flow(self, precision: Precision) -> flow.Flow:
        built = load(lambda: flow.build(self.sizes), weights(self.root, "flow"))
        built.to(self.device).pack(precision)
        return built

    def _vocoder(self, precision: Precision) -> Vocoder:
        sizes, generation = self.sizes.vocoder, self.sizes.generation
        path = weights(self.root, "hift")
        vocoder = load(lambda: Vocoder(sizes, generation), path, rename=_plain, prepare=unnormed)
        vocoder.pack(precision, str(self.device))
        return vocoder


def weights(root: Path, name: str) -> Path:
    """The file of a part: safetensors where somebody made them, else as published."""
    safe = root / f"{name}.safetensors"
    return safe if safe.is_file() else root / f"{name}.pt"


def _plain(key: str) -> str:
    return key.removeprefix(GENERATOR)
