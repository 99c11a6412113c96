"""Text to the tokens of ChatTTS and back: lower-cased word pieces, one Chinese character each, and control tokens."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from studio.errors import BadFile

# What the reference joins after decoding, beside full stops and commas, which the library joins itself.
JOINED = ((" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"))


class Tokenizer:
    """The checkpoint's tokenizer. Ids are looked up by token, never assumed."""

    def __init__(self, folder: Path) -> None:
        """Reads `tokenizer.json`. `BadFile` where it is missing, damaged, or lacks a token that the model stands on."""
        from tokenizers import Tokenizer as Pieces

        path = folder / "tokenizer.json"
        try:
            self._pieces = Pieces.from_str(path.read_text("utf-8"))
        except Exception as error:  # the library raises bare exceptions for what it cannot read
            raise _bad(path, str(error)) from error
        missing = [
            token for token in ("[Stts]", "[Ptts]", "[Ebreak]", "[spk_emb]", "[break_0]") if not self.known(token)
        ]
        if missing:
            raise _bad(path, f"no token {missing[0]}")
        self.unknown = self._pieces.token_to_id("[UNK]")

    def known(self, token: str) -> bool:
        """Whether the vocabulary has this token."""
        return self._pieces.token_to_id(token) is not None

    def id(self, token: str) -> int:
        """The id of a token of the vocabulary."""
        found = self._pieces.token_to_id(token)
        if found is None:
            raise KeyError(token)
        return int(found)

    def encode(self, text: str) -> Tensor:
        """(n,) int64, nothing added at the ends."""
        return torch.tensor(self._pieces.encode(text, add_special_tokens=False).ids, dtype=torch.int64)

    def tokens(self, text: str) -> list[str]:
        """The tokens of a text as they are written."""
        return list(self._pieces.encode(text, add_special_tokens=False).tokens)

    def decode(self, ids: Sequence[int]) -> str:
        """A text again: control tokens kept, word pieces joined, a space before no full stop, comma or apostrophe."""
        text = str(self._pieces.decode(list(ids), skip_special_tokens=False))
        for apart, joined in JOINED:
            text = text.replace(apart, joined)
        return text

    def reads(self, character: str) -> bool:
        """Whether a character has a token of its own (or is a space)."""
        return self.unknown not in self._pieces.encode(character, add_special_tokens=False).ids


def _bad(path: Path, reason: str) -> BadFile:
    short = (reason.splitlines() or [""])[0][:200]
    return BadFile(
        f"{path.name}: not the tokenizer of ChatTTS ({short}); install the model again, or check the folder",
        f"{path.name}：不是 ChatTTS 的分词器文件（{short}）；请重新安装模型，或检查所给的文件夹",
        where=str(path),
    )
