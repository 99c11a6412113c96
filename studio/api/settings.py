"""How the API is served: limits, keys, where webhooks may go."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from studio.errors import BadRequest


@dataclass(frozen=True)
class ApiSettings:
    """Each can be set by an option of `app.py` or its variable; the defaults suit one machine."""

    keys: bool = False  # asked for; always so where the server can be reached from elsewhere
    characters: int = 4096  # of one speech request
    body_mb: int = 1  # of a request that is not an upload
    upload_mb: int = 512  # of a recording, clip or manuscript
    running: int = 8  # requests at work at once
    waiting: int = 64  # that may wait for their turn; more get 429
    per_minute: int = 0  # requests of one key; 0 is no limit
    patience_s: float = 30.0  # for the next piece of a request that is being sent
    origins: tuple[str, ...] = ()  # pages of other sites that may ask
    webhooks: tuple[str, ...] = ()  # hosts that may be told about productions


def from_environment(environment: Mapping[str, str] | None = None, *, keys: bool = False) -> ApiSettings:
    """The settings with what `TIMBRE_API_…` says; `BadRequest` names a wrong one."""
    environment = os.environ if environment is None else environment

    def whole(name: str, default: int, low: int = 1) -> int:
        text = environment.get(f"TIMBRE_API_{name}", "") or str(default)
        if text.isascii() and text.isdigit() and int(text) >= low:
            return int(text)
        raise BadRequest(
            f"TIMBRE_API_{name} “{text}”: takes a whole number from {low}",
            f"TIMBRE_API_{name}“{text}”：应为不小于 {low} 的整数",
            where=f"TIMBRE_API_{name}",
        )

    def names(name: str) -> tuple[str, ...]:
        return tuple(environment.get(f"TIMBRE_API_{name}", "").replace(",", " ").split())

    plain = ApiSettings()
    return ApiSettings(
        keys=keys,
        characters=whole("CHARACTERS", plain.characters),
        body_mb=whole("BODY_MB", plain.body_mb),
        upload_mb=whole("UPLOAD_MB", plain.upload_mb),
        running=whole("RUNNING", plain.running),
        waiting=whole("WAITING", plain.waiting, 0),
        per_minute=whole("PER_MINUTE", plain.per_minute, 0),
        patience_s=float(whole("PATIENCE_S", round(plain.patience_s))),
        origins=names("ORIGINS"),
        webhooks=names("WEBHOOKS"),
    )
