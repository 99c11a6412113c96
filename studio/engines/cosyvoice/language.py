"""The language models that turn text into sounds, one id after another.

Three generations, one face: `prompt` lays out a sequence, `decoder` reads it, `scores` rates what comes next, `sound`
embeds what was drawn. The first is a transformer of its own with relative positions and a slot for the speaker; the
second and third are Qwen2 with a table of sounds beside its words.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.engines.cosyvoice.sizes import Sizes, SpeechIds
from studio.nn.cache import Cache, DecoderConfig
from studio.nn.decoder import Decoder
from studio.nn.linear import Precision, Projection, lay_out
from studio.nn.relative import RelativeConfig, RelativeDecoder, RelativeEncoder, few_rows

Packed = Callable[[Tensor], None]
TIED = "llm.model.lm_head.weight"  # Qwen's own head: the text embedding once more, not used here


class LanguageModel(nn.Module):
    """What the generations have in common."""

    ids: SpeechIds
    decoder: Decoder | RelativeDecoder
    head: Projection
    sounds: Tensor  # (rows of the speech table, dim) float32
    marks: Tensor  # (2, dim) float32: what begins a sequence, and what begins speech

    def _keep(self, sounds: nn.Embedding, marks: nn.Embedding) -> None:
        """The small tables, in float32 and out of the file."""
        self.register_buffer("sounds", sounds.weight.detach().float().clone(), persistent=False)
        rows = marks.weight.detach().float()[[self.ids.start, self.ids.task]]
        self.register_buffer("marks", rows.clone(), persistent=False)

    def cache(self, slots: int) -> Cache:
        """Memory for `slots` sequences."""
        return self.decoder.cache(slots, self.sounds)

    @property
    def positions(self) -> int:
        """The longest sequence."""
        return self.decoder.config.positions

    @property
    def device(self) -> torch.device:
        return self.sounds.device

    def scores(self, hidden: Tensor) -> Tensor:
        """(rows, dim) -> (rows, vocabulary): logarithms of chances."""
        return self.head(hidden).log_softmax(-1)

    def sound(self, ids: Tensor) -> Tensor:
        """Speech ids (n,) -> (n, dim)."""
        return self.sounds[ids.to(self.device)]

    def pack(self, precision: Precision, packed: Packed = lambda weight: None, device: str = "cpu") -> None:
        """Bring what was loaded to a device and into a precision. Once; `packed` is told what is done with."""
        raise NotImplementedError

    def words(self, ids: Tensor) -> Tensor:
        """Text ids (n,) -> (n, dim), each on its own. Not in the first generation, which encodes a text as a whole."""
        raise NotImplementedError

    def prompt(self, before: Tensor, text: Tensor, heard: Tensor, speaker: Tensor | None = None) -> Tensor:
        """The sequence (steps, dim) from which speech goes on.

        `before` are text ids said in the prompt, or an instruction; `text` are those to be said; `heard` are the speech
        ids of the prompt; `speaker` is an embedding, for the first generation.
        """
        raise NotImplementedError


class QwenModel(LanguageModel):
    """The second and third generation."""

    decoder: Decoder

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        assert isinstance(sizes.decoder, DecoderConfig)
        self.ids, dim = sizes.ids, sizes.decoder.dim
        self.generation = sizes.generation
        self.model = Decoder(sizes.decoder)
        self.model.embed_tokens = nn.Embedding(sizes.text_tokens, dim)
        self.llm_decoder = nn.Linear(dim, sizes.ids.vocabulary, bias=sizes.generation == 2)
        self.speech_embedding = nn.Embedding(sizes.ids.vocabulary, dim)
        if sizes.generation == 2:
            self.llm_embedding = nn.Embedding(2, dim)

    @staticmethod
    def our_key(published: str) -> str:
        """The name of a published tensor in this module."""
        return published.replace("llm.model.model.", "model.")

    def pack(self, precision: Precision, packed: Packed = lambda weight: None, device: str = "cpu") -> None:
        """See `LanguageModel`. The table of words stays mapped: few of its rows are read."""
        words = self.model.embed_tokens
        assert isinstance(words, nn.Embedding)
        self.text_table = words.weight.detach()
        del self.model.embed_tokens
        self.to(device)
        self.model.pack(precision, packed)
        self.decoder = self.model
        del self.model
        self.head = Projection([_kept(self.llm_decoder)], "fp32" if precision == "int8" else precision)
        table = self.llm_embedding if self.generation == 2 else self.speech_embedding
        self._keep(self.speech_embedding, table)
        del self.llm_decoder, self.speech_embedding
        if self.generation == 2:
            del self.llm_embedding

    def words(self, ids: Tensor) -> Tensor:
        return self.text_table[ids.to(self.text_table.device)].float().to(self.device)

    def prompt(self, before: Tensor, text: Tensor, heard: Tensor, speaker: Tensor | None = None) -> Tensor:
        read = self.words(torch.cat([before, text]))
        return torch.cat([self.marks[:1], read, self.marks[1:], self.sound(heard)])


class FirstModel(LanguageModel):
    """The first generation."""

    decoder: RelativeDecoder

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        assert sizes.text is not None
        assert isinstance(sizes.decoder, RelativeConfig)
        self.ids, dim = sizes.ids, sizes.decoder.dim
        self.text_embedding = nn.Embedding(sizes.text_tokens, sizes.text_width)
        self.text_encoder = RelativeEncoder(sizes.text)
        self.text_encoder_affine_layer = nn.Linear(sizes.text.dim, dim)
        self.llm_embedding = nn.Embedding(2, dim)
        self.llm = RelativeDecoder(sizes.decoder)
        self.llm_decoder = nn.Linear(dim, sizes.ids.vocabulary)
        self.speech_embedding = nn.Embedding(sizes.ids.sounds, dim)
        self.spk_embed_affine_layer = nn.Linear(sizes.speaker, dim)

    @staticmethod
    def our_key(published: str) -> str:
        """The name of a published tensor in this module."""
        return published.replace(".norm1.", ".norm_mha.").replace(".norm2.", ".norm_ff.")

    def pack(self, precision: Precision, packed: Packed = lambda weight: None, device: str = "cpu") -> None:
        """See `LanguageModel`."""
        self.to(device)
        maps = few_rows(precision, packed)
        self.text_encoder.pack(maps)
        self.llm.pack(maps)
        self.decoder = self.llm
        del self.llm
        self.head = Projection([_kept(self.llm_decoder)], "fp32" if precision == "int8" else precision)
        self._keep(self.speech_embedding, self.llm_embedding)
        del self.llm_decoder, self.speech_embedding, self.llm_embedding
        for part in (self.text_encoder, self.text_encoder_affine_layer, self.decoder, self.spk_embed_affine_layer):
            part.float()
        lay_out(part for part in self.modules() if isinstance(part, Projection))

    def encoded(self, ids: Tensor) -> Tensor:
        """A whole text (n,) -> (n, dim)."""
        read = self.text_embedding(ids.to(self.device))[None].float()
        return self.text_encoder_affine_layer(self.text_encoder(read, causal=True))[0]

    def projected(self, speaker: Tensor) -> Tensor:
        """The embedding (192,) of a speaker -> (1, dim)."""
        return self.spk_embed_affine_layer(functional.normalize(speaker[None].float().to(self.device), dim=1))

    def prompt(self, before: Tensor, text: Tensor, heard: Tensor, speaker: Tensor | None = None) -> Tensor:
        who = [] if speaker is None else [self.projected(speaker)]
        read = self.encoded(torch.cat([before, text]))
        return torch.cat([self.marks[:1], *who, read, self.marks[1:], self.sound(heard)])


def build(sizes: Sizes) -> LanguageModel:
    """The empty model of a generation, for weights to be loaded into."""
    return FirstModel(sizes) if sizes.generation == 1 else QwenModel(sizes)


def _kept(linear: nn.Linear) -> nn.Linear:
    """A head in float32 of its own, as the file's memory is let go."""
    with torch.device("meta"):
        kept = nn.Linear(linear.in_features, linear.out_features, linear.bias is not None)
    kept.weight = nn.Parameter(linear.weight.detach().float().clone(), requires_grad=False)
    if linear.bias is not None:
        kept.bias = nn.Parameter(linear.bias.detach().float().clone(), requires_grad=False)
    return kept
