"""Settings of an engine or a recogniser from the environment: `TIMBRE_CHATTTS="precision=fp32 rows=4"`. Open to every
room, like `errors`; what the settings may be is declared by whoever has them.
"""

import os
from typing import Any


def told(id: str) -> dict[str, Any] | None:
    """The settings that the environment tells for `id`, whole numbers as such; None without any."""
    text = os.environ.get(f"TIMBRE_{id.upper().replace('-', '_')}")
    if not text:
        return None
    pairs = (pair.partition("=") for pair in text.replace(",", " ").split())
    return {name: int(value) if value.isascii() and value.isdigit() else value for name, _, value in pairs}
