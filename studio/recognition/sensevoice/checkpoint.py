"""A SenseVoice checkpoint in memory: features, model and vocabulary, loaded strictly from the published files."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from studio.audio.clip import Samples
from studio.errors import BadFile
from studio.nn.linear import Precision
from studio.nn.loading import let_go, load
from studio.nn.processor import float32_is_quicker
from studio.recognition.contract import RATE
from studio.recognition.sensevoice.config import read_sizes
from studio.recognition.sensevoice.encoder import SenseVoice
from studio.recognition.sensevoice.features import Features
from studio.recognition.sensevoice.vocabulary import Vocabulary

WEIGHTS = "model.pt"
TOGETHER_S = {"cpu": 12.0, "cuda": 600.0, "mps": 120.0}  # of sound in one pass; more gains nothing


class Checkpoint:
    """`root` holds the published files. `BadFile` names the one that does not fit."""

    def __init__(self, root: Path, precision: Precision | None = None, device: str = "cpu") -> None:
        """Without `precision`, the quickest that this device computes in without loss of words."""
        self.precision = precision or best_precision(device)
        self.device = torch.device(device)
        self.sizes = read_sizes(root)
        if self.sizes.rate != RATE:
            raise BadFile(
                f"{root.name}: a model for {self.sizes.rate} Hz; {RATE} Hz is supported",
                f"{root.name}：该模型使用 {self.sizes.rate} Hz；这里支持 {RATE} Hz",
                where=str(root),
            )
        self.vocabulary = Vocabulary(root)
        self.features = Features(root, self.sizes)
        model = load(lambda: SenseVoice(self.sizes, len(self.vocabulary)), root / WEIGHTS)
        self.model = model.to(self.device).pack(self.precision, let_go(root / WEIGHTS))
        alone = self.precision == "int8"  # its rounding depends on all that is in a pass
        self.together = 0 if alone else round(TOGETHER_S[self.device.type] * RATE)

    @torch.inference_mode()
    def scores(self, pieces: Sequence[Samples], query: Sequence[int]) -> list[Tensor]:
        """The scores of each piece, (4 + its steps, vocabulary) float32, not normalised."""
        features = [self.features(torch.from_numpy(piece)) for piece in pieces]
        lengths = [len(one) for one in features]
        together = torch.nn.utils.rnn.pad_sequence(features, batch_first=True).to(self.device)
        real = None
        if len(set(lengths)) > 1:
            real = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
            real = real.to(self.device)
        queries = torch.tensor([list(query)] * len(pieces), device=self.device)
        found = self.model(together, queries, real)
        return [found[at, : len(query) + length] for at, length in enumerate(lengths)]


def best_precision(device: str) -> Precision:
    """Half precision where it is computed in hardware: words stay the same, see `tests/parity`."""
    if device == "cuda":
        return "fp16"
    return "bf16" if device == "cpu" and not float32_is_quicker() else "fp32"
