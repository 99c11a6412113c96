"""Pieces of text made one again: with a space between words, with none where Chinese or Japanese stands."""

import re
from collections.abc import Iterable

from studio.text.language import HAN, KANA

_TIGHT = re.compile(rf"[{HAN}{KANA}\u3000-\u303f\uff01-\uff60，。！？；：、…—“”‘’]")


def joined(pieces: Iterable[str]) -> str:
    """The pieces in one line; empty ones are left out."""
    whole = ""
    for piece in (piece.strip() for piece in pieces):
        if whole and piece and not (_TIGHT.match(whole[-1]) or _TIGHT.match(piece[0])):
            whole += " "
        whole += piece
    return whole


def is_tight(sign: str) -> bool:
    """A character that stands beside others without a space."""
    return _TIGHT.match(sign) is not None
