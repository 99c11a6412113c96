"""The name of plain data by its content: of recipes, voices, books. Open to every room, like `errors`."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def digest_of(plain: Mapping[str, Any]) -> str:
    """SHA-256 (64 hex digits) of what JSON can hold, whatever the order of its keys; NaN and infinity are refused."""
    canonical = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
