"""Plain data (what JSON can hold): the form in which recipes, contents and settings are kept, and their digests."""

import json
from typing import Any

from studio.errors import BadRequest


def to_text(plain: Any) -> str:
    """Compact JSON, readable in any script. Not-a-number and infinity are refused."""
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def check_text(text: str, where: str, longest: int) -> str:
    """`text` if a database can hold it; `BadRequest` if it is too long or no text at all."""
    if len(text) > longest:
        raise BadRequest(
            f"{where}: {len(text)} characters, at most {longest}; shorten it",
            f"{where}：有 {len(text)} 个字符，最多 {longest} 个，请缩短",
            where=where,
        )
    if "\0" in text or _has_surrogate(text):
        raise BadRequest(
            f"{where}: holds a character that is not text (NUL or half a surrogate pair); remove it",
            f"{where}：含有不是文字的字符（NUL 或残缺的代理对），请删去",
            where=where,
        )
    return text


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
