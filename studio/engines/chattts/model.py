"""The language model of ChatTTS: text and codes in, hidden states and the next codes out.

A Llama without an embedding of its own (2noise/ChatTTS, 2024). Beside it stand embeddings and heads: one for text
tokens, and one for each of the four code books, of which a frame has one code each. Attribute names are the published
checkpoint's keys.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from studio.nn.cache import DecoderConfig
from studio.nn.decoder import Decoder
from studio.nn.linear import Precision, Projection


@dataclass(frozen=True)
class EmbedConfig:
    """Sizes of the embeddings and heads."""

    dim: int
    text_tokens: int
    codes: int = 626  # of one book; the last one ends an utterance
    books: int = 4

    @property
    def end(self) -> int:
        """The code that ends an utterance, in whichever book it comes."""
        return self.codes - 1


class NormedHead(nn.Module):
    """A linear map stored as direction and length (Salimans and Kingma, "Weight Normalization", 2016)."""

    def __init__(self, dim: int, out: int) -> None:
        super().__init__()
        stored = {"original0": nn.Parameter(torch.empty(out, 1)), "original1": nn.Parameter(torch.empty(out, dim))}
        self.parametrizations = nn.ModuleDict({"weight": nn.ParameterDict(stored)})

    def matrix(self) -> Tensor:
        """(out, dim)"""
        stored = self.parametrizations["weight"]
        assert isinstance(stored, nn.ParameterDict)
        length, direction = (stored[name].detach().float() for name in ("original0", "original1"))
        return direction * (length / direction.norm(dim=1, keepdim=True))


def folded(heads: Iterable[NormedHead]) -> nn.Linear:
    """Several heads as one map, their outputs one behind the other."""
    weight = torch.cat([head.matrix() for head in heads])
    linear = nn.Linear(weight.shape[1], weight.shape[0], bias=False, device="meta")
    linear.weight = nn.Parameter(weight, requires_grad=False)
    return linear


class Embed(nn.Module):
    """Embeddings of text tokens and codes, and the heads that predict them. `pack` it once after loading."""

    def __init__(self, config: EmbedConfig) -> None:
        super().__init__()
        self.config = config
        self.emb_text = nn.Embedding(config.text_tokens, config.dim)
        self.emb_code = nn.ModuleList(nn.Embedding(config.codes, config.dim) for _ in range(config.books))
        self.head_text = NormedHead(config.dim, config.text_tokens)
        self.head_code = nn.ModuleList(NormedHead(config.dim, config.codes) for _ in range(config.books))

    def pack(self, precision: Precision) -> None:
        """Fold the heads. They stay in float32 but where the rest is half: they are small, and they decide."""
        kept: Precision = "fp32" if precision == "int8" else precision
        self.to_text = Projection([folded([self.head_text])], kept)
        self.to_code = Projection([folded(head for head in self.head_code if isinstance(head, NormedHead))], kept)
        codes = torch.cat([table.weight.detach() for table in self.emb_code if isinstance(table, nn.Embedding)])
        self.codes = nn.Parameter(codes.float(), requires_grad=False)  # (books * codes, dim)
        words = self.emb_text.weight.detach().clone()  # else the whole file would stay mapped for it
        self.emb_text.weight = nn.Parameter(words, requires_grad=False)
        del self.head_text, self.head_code, self.emb_code

    def text(self, ids: Tensor) -> Tensor:
        """Text tokens (…,) -> (…, dim) float32."""
        return self.emb_text(ids).float()

    def frames(self, codes: Tensor) -> Tensor:
        """Frames (…, books) -> (…, dim): the sum over the books."""
        config = self.config
        first = torch.arange(config.books, device=codes.device) * config.codes
        return self.codes[codes + first].sum(-2)


class Gpt(nn.Module):
    """Decoder and embeddings together."""

    def __init__(self, decoder: Decoder, embed: Embed) -> None:
        super().__init__()
        self.decoder, self.embed = decoder, embed

    @classmethod
    def sized(cls, decoder: DecoderConfig, embed: EmbedConfig) -> "Gpt":
        """An empty model, for weights to be loaded into."""
        return cls(Decoder(decoder), Embed(embed))

    def pack(self, precision: Precision) -> None:
        """Bring what was loaded into a precision. Once."""
        self.decoder.pack(precision)
        self.embed.pack(precision)

    @property
    def device(self) -> torch.device:
        return self.embed.codes.device

    def prompt(self, text: Tensor, speaker: Tensor | None = None, at: int = -1, sample: Tensor | None = None) -> Tensor:
        """The embedded prompt (steps, dim) of text tokens (n,), then the frames of an audio sample (books, m).

        `speaker` (dim,) takes the place of the token at position `at`; it is normalised in float16, as ChatTTS was used
        from its first day.
        """
        x = self.embed.text(text.to(self.device))
        if speaker is not None:
            half = nn.functional.normalize(speaker.to(torch.float16), dim=0)
            x[at] = half.to(x)
        if sample is None:
            return x
        return torch.cat([x, self.embed.frames(sample.T.long().to(self.device))])

    def code_logits(self, hidden: Tensor) -> Tensor:
        """(rows, dim) -> (rows, books, codes)."""
        return self.embed.to_code(hidden).view(len(hidden), self.embed.config.books, -1)

    def text_logits(self, hidden: Tensor) -> Tensor:
        """(rows, dim) -> (rows, 1, text tokens)."""
        return self.embed.to_text(hidden)[:, None]
