"""What a person chose on the Settings page and the server must know at its next start: one small JSON file."""

import json
import logging
import os
from pathlib import Path
from typing import Any

from studio.errors import BadRequest, NotWritable

log = logging.getLogger("timbre.ui")
FILE = "settings.json"
CACHE_BYTES = 5_000_000_000  # takes may fill this much unless chosen otherwise: about 30 hours of speech
LEAST, MOST = 100_000_000, 10_000_000_000_000


def cache_limit(folder: Path) -> int:
    """Bytes that takes may fill, as chosen. A damaged file counts as no choice, and the log says so."""
    try:
        chosen = json.loads((folder / FILE).read_text(encoding="utf-8"))["cache_bytes"]
        return checked(chosen)
    except FileNotFoundError:
        return CACHE_BYTES
    except (OSError, ValueError, KeyError, TypeError, BadRequest) as error:
        log.warning("%s is not readable (%s): using the defaults", folder / FILE, error)
        return CACHE_BYTES


def keep_cache_limit(folder: Path, limit: int) -> int:
    """Remember the limit; written beside and renamed, so that it is whole or not there."""
    limit = checked(limit)
    fresh = folder / f"{FILE}.{os.getpid()}.new"
    try:
        fresh.write_text(json.dumps({"cache_bytes": limit}), encoding="utf-8")
        fresh.replace(folder / FILE)
    except OSError as error:
        raise NotWritable(
            f"{folder}: the setting cannot be kept ({error.strerror}); free some space or allow writing",
            f"{folder}：无法保存设置（{error.strerror}）；请腾出空间或开放写权限",
            where=str(folder),
        ) from error
    return limit


def checked(limit: Any) -> int:
    if isinstance(limit, (int, float)) and not isinstance(limit, bool) and LEAST <= limit <= MOST:
        return int(limit)
    raise BadRequest(
        f"takes may fill {limit}: takes 0.1 to 10000 GB",
        f"版本占用上限 {limit}：应为 0.1 到 10000 GB",
        where="cache_bytes",
    )
