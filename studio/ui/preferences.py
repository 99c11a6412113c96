"""What a person chose on the Settings page and the server must know at its next start: one small JSON file."""

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.errors import BadRequest, NotWritable

log = logging.getLogger("timbre.ui")
FILE = "settings.json"
CACHE_BYTES = 5_000_000_000  # takes may fill this much unless chosen otherwise: about 30 hours of speech
LEAST, MOST = 100_000_000, 10_000_000_000_000
BIN_DAYS = 30  # what was deleted stays so long, unless chosen otherwise
LONGEST = 3650


def cache_limit(folder: Path) -> int:
    """Bytes that takes may fill, as chosen. A damaged file counts as no choice, and the log says so."""
    return _kept(folder, "cache_bytes", CACHE_BYTES, checked)


def keep_cache_limit(folder: Path, limit: int) -> int:
    """Remember the limit. `BadRequest`, `NotWritable`."""
    return _keep(folder, "cache_bytes", checked(limit))


def bin_days(folder: Path) -> int:
    """Days after which what was deleted goes for good by itself, as chosen; 0 is never."""
    return _kept(folder, "bin_days", BIN_DAYS, checked_days)


def keep_bin_days(folder: Path, days: int) -> int:
    """Remember the days. `BadRequest`, `NotWritable`."""
    return _keep(folder, "bin_days", checked_days(days))


def checked(limit: Any) -> int:
    if isinstance(limit, (int, float)) and not isinstance(limit, bool) and LEAST <= limit <= MOST:
        return int(limit)
    raise BadRequest(
        f"takes may fill {limit}: takes 0.1 to 10000 GB",
        f"版本占用上限 {limit}：应为 0.1 到 10000 GB",
        where="cache_bytes",
    )


def checked_days(days: Any) -> int:
    if isinstance(days, int) and not isinstance(days, bool) and 0 <= days <= LONGEST:
        return days
    raise BadRequest(
        f"days {days}: takes a whole number from 0 (never) to {LONGEST}",
        f"天数 {days}：应为 0（从不）到 {LONGEST} 的整数",
        where="bin_days",
    )


def _kept(folder: Path, name: str, usual: int, check: Callable[[Any], int]) -> int:
    """What was chosen for `name`, or `usual`."""
    try:
        chosen = _read(folder)
        return check(chosen[name]) if name in chosen else usual
    except FileNotFoundError:
        return usual
    except (OSError, ValueError, TypeError, BadRequest) as error:
        log.warning("%s is not readable (%s): using the defaults", folder / FILE, error)
        return usual


def _keep(folder: Path, name: str, value: int) -> int:
    """Written beside and renamed, so that it is whole or not there; other choices stay, unless nobody can read them."""
    try:
        others = _read(folder)
    except (OSError, ValueError, TypeError):
        others = {}
    fresh = folder / f"{FILE}.{os.getpid()}.new"
    try:
        fresh.write_text(json.dumps({**others, name: value}), encoding="utf-8")
        fresh.replace(folder / FILE)
    except OSError as error:
        raise NotWritable(
            f"{folder}: the setting cannot be kept ({error.strerror}); free some space or allow writing",
            f"{folder}：无法保存设置（{error.strerror}）；请腾出空间或开放写权限",
            where=str(folder),
        ) from error
    return value


def _read(folder: Path) -> dict[str, Any]:
    """The file as it is. `ValueError` for what is no JSON, `TypeError` for what is no table."""
    found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise TypeError(f"{type(found).__name__} in place of a table")
    return found
