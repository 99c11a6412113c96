"""Text to ids. The second and third generation read with Qwen's vocabulary, the first with Whisper's.

Whisper's word pieces are no part of a checkpoint, so they lie beside this file (`vocabularies/`): every piece behind
its length, in the order of their ids, compressed.
"""

import json
import lzma
from functools import cache
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from studio.engines.cosyvoice.sizes import QWEN, Sizes
from studio.engines.cosyvoice.tokens import ADDED, END_OF_PROMPT, LANGUAGES, listed
from studio.errors import BadFile

LARGEST = 32 << 20  # bytes of a vocabulary
PIECES = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""  # Whisper's
QWEN_PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
TIMESTAMPS = 1501  # 0.00 to 30.00 seconds
WIDE = 60_000  # rows of the text table from which on it is that of the model with 25 sounds a second


class Tokenizer(Protocol):
    """Text to ids and back."""

    opening: int  # id of <|endofprompt|>; -1 where there is none

    def encode(self, text: str) -> Tensor:
        """(n,) int64"""

    def decode(self, ids: list[int]) -> str:
        """The text of ids, without what stands for itself."""


class QwenTokenizer:
    """Byte-level pairs, and the tokens that a generation added."""

    def __init__(self, root: Path, generation: int) -> None:
        from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers
        from tokenizers import Tokenizer as Pairs

        vocabulary, merges = root / QWEN / "vocab.json", root / QWEN / "merges.txt"
        try:
            if max(path.stat().st_size for path in (vocabulary, merges)) > LARGEST:
                raise ValueError("too large")
            pieces = json.loads(vocabulary.read_text("utf-8"))
            lines = merges.read_text("utf-8").splitlines()
            pairs = [_pair(line) for line in lines if line and not line.startswith("#version")]
            self._pairs = Pairs(models.BPE(pieces, pairs))
        except Exception as error:  # the library raises what it likes
            raise BadFile(
                f"{QWEN}: its vocabulary cannot be read ({type(error).__name__}); install the model again",
                f"{QWEN}：词表无法读取（{type(error).__name__}）；请重新安装模型",
                where=str(vocabulary),
            ) from error
        self._pairs.normalizer = normalizers.NFC()
        self._pairs.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(QWEN_PIECES), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        self._pairs.decoder = decoders.ByteLevel()
        special = ["<|endoftext|>", *ADDED[generation]]
        self._pairs.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in special])
        opening = self._pairs.token_to_id(END_OF_PROMPT)
        self.opening = -1 if opening is None else opening

    def encode(self, text: str) -> Tensor:
        return torch.tensor(self._pairs.encode(text).ids, dtype=torch.long)

    def decode(self, ids: list[int]) -> str:
        return self._pairs.decode(ids, skip_special_tokens=True)


class WhisperTokenizer:
    """Whisper's pairs. Tokens that later generations know are ordinary text to it."""

    opening = -1

    def __init__(self, wide: bool) -> None:
        import tiktoken

        ranks = _pieces("whisper_25hz" if wide else "whisper")
        special = _special(wide)
        self._pairs = tiktoken.Encoding(
            name="whisper",
            pat_str=PIECES,
            mergeable_ranks=ranks,
            special_tokens={token: len(ranks) + at for at, token in enumerate(special)},
        )
        self._times = len(ranks) + len(special) - TIMESTAMPS  # ids from which on they are times

    def encode(self, text: str) -> Tensor:
        return torch.tensor(self._pairs.encode(text, allowed_special="all"), dtype=torch.long)

    def decode(self, ids: list[int]) -> str:
        return self._pairs.decode([id for id in ids if id < self._times])


def _pair(line: str) -> tuple[str, str]:
    one, other = line.split(" ")
    return one, other


def tokenizer(root: Path, sizes: Sizes) -> Tokenizer:
    """The one of a checkpoint. `BadFile`."""
    if sizes.generation == 1:
        return WhisperTokenizer(wide=sizes.text_tokens >= WIDE)
    return QwenTokenizer(root, sizes.generation)


@cache
def _pieces(name: str) -> dict[bytes, int]:
    packed = (Path(__file__).parent / "vocabularies" / f"{name}.xz").read_bytes()
    data, at = lzma.decompress(packed), 0
    found: dict[bytes, int] = {}
    while at < len(data):
        size = data[at]
        found[data[at + 1 : at + 1 + size]] = len(found)
        at += 1 + size
    return found


def _special(wide: bool) -> list[str]:
    """Tokens after the pieces, in the order of their ids."""
    names = ["endoftext", "startoftranscript", *LANGUAGES]
    if wide:
        names += listed("ASR AED SER Speech /Speech BGM /BGM Laughter /Laughter Applause /Applause")
        names += listed("HAPPY SAD ANGRY NEUTRAL")
    names += listed("translate transcribe startoflm startofprev nospeech notimestamps")
    if wide:
        names += [f"SPECIAL_TOKEN_{at}" for at in range(1, 31)]
        names += [f"TTS/{name}" for name in listed("B O Q A CO CL H")]
        names += [f"TTS/SP{at:02d}" for at in range(1, 14)]
    names += [f"{at * 0.02:.2f}" for at in range(TIMESTAMPS)]
    return [f"<|{name}|>" for name in names]
