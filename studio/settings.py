"""How models are loaded: the settings of engines and recognisers (precision, device …), as they were chosen and kept in
the data folder, and as the environment tells them, which wins: `TIMBRE_CHATTTS="precision=fp32 rows=4"`. Open to every
room, like `errors`; what the settings may be is declared by whoever has them.
"""

import json
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.control import Control, Value
from studio.errors import BadControl, BadRequest, NotWritable

FILE = "engines.json"  # in the data folder: {"chattts": {"precision": "fp32"}}

log = logging.getLogger(__name__)


def variable(id: str) -> str:
    """The environment variable with the settings of `id`."""
    return f"TIMBRE_{id.upper().replace('-', '_')}"


def told(id: str) -> dict[str, Any] | None:
    """The settings that the environment tells for `id`, whole numbers as such; None without any."""
    text = os.environ.get(variable(id))
    if not text:
        return None
    pairs = (pair.partition("=") for pair in text.replace(",", " ").split())
    return {name: int(value) if value.isascii() and value.isdigit() else value for name, _, value in pairs}


def named(id: str, declared: Sequence[Control], name: str) -> Control:
    """The setting called `name`. `BadRequest` for one that `id` does not have."""
    names = [one.name for one in declared]
    if name not in names:
        raise BadRequest(
            f"{name}: {id} has no such setting; it has {', '.join(names) or 'none'}",
            f"{name}：{id} 没有这个设置；" + (f"它有 {'、'.join(names)}" if names else "它没有可选的设置"),
            where=f"settings.{name}",
        )
    return declared[names.index(name)]


def settled(id: str, declared: Sequence[Control], given: Mapping[str, Any]) -> dict[str, Value]:
    """Every declared setting with its checked value. `BadRequest` for one that there is not, `BadControl` for a value
    out of its range."""
    checked = {name: named(id, declared, name).check(value) for name, value in given.items()}
    return {one.name: checked.get(one.name, one.default) for one in declared}


class Settings:
    """What was chosen, in a small file, and what the environment says over it. For any number of threads."""

    def __init__(self, folder: Callable[[], Path] | None = None) -> None:
        """`folder` gives the data folder; without one nothing is kept."""
        self._folder = folder
        self._lock = threading.Lock()

    def of(self, id: str, declared: Sequence[Control]) -> dict[str, Any]:
        """What holds for `id`, where it differs from the defaults. A kept value that is no longer right (the file was
        written by another version, or by hand) is left out, and the log says so."""
        return {**self.kept(id, declared), **(told(id) or {})}

    def kept(self, id: str, declared: Sequence[Control]) -> dict[str, Value]:
        """What was chosen for `id` and still may be."""
        sound: dict[str, Value] = {}
        for name, value in self._read().get(id, {}).items():
            try:
                sound[name] = named(id, declared, name).check(value)
            except (BadRequest, BadControl) as refused:
                log.warning("%s: %s; using the default", FILE, refused)
        return sound

    def keep(self, id: str, values: Mapping[str, Value]) -> None:
        """Remember what was chosen for `id`, in place of what was; whole or not at all. `NotWritable`."""
        if self._folder is None:
            return
        with self._lock:
            chosen = {key: of for key, of in self._read().items() if key != id} | ({id: dict(values)} if values else {})
            self._write(self._folder() / FILE, json.dumps(chosen, ensure_ascii=False, indent=1))

    def _read(self) -> dict[str, dict[str, Any]]:
        if self._folder is None:
            return {}
        try:
            found = json.loads((self._folder() / FILE).read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            log.warning("%s cannot be read (%s); using the defaults", FILE, error)
            return {}
        plain = found if isinstance(found, dict) else {}
        return {id: values for id, values in plain.items() if isinstance(values, dict)}

    def _write(self, path: Path, text: str) -> None:
        fresh = path.with_name(f"{FILE}.{os.getpid()}.new")
        try:
            fresh.write_text(text, "utf-8")
            fresh.replace(path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise NotWritable(
                f"{path}: the setting cannot be kept ({error.strerror}); free some space or allow writing",
                f"{path}：无法保存设置（{error.strerror}）；请腾出空间或开放写权限",
                where=str(path),
            ) from error
