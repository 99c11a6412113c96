"""Every sentence that a person reads, in the two languages of the studio; and how counts stand in English."""

import re
from typing import NamedTuple

_PLACE = re.compile(r"\{(\w+)(?::([^{}|]*)\|([^{}|]*))?\}")


class Words(NamedTuple):
    """One text written twice, each for its own reader. Open to every room, like `errors`."""

    en: str
    zh: str

    def text(self, language: str) -> str:
        """The Chinese text for any Chinese locale (`zh`, `zh-CN`, `zh_TW.UTF-8` …), otherwise the English one."""
        return self.zh if language.lower().startswith("zh") else self.en


def fill(text: str, **values: object) -> str:
    """`text` with `{name}` filled from `values`, and `{name:line|lines}` by the first word for 1, else the second.

    The page's `t()` fills the same texts by the same rule. `KeyError` for a value that is not given.
    """

    def put(place: re.Match[str]) -> str:
        name, one, many = place.groups()
        value = str(values[name])
        return value if many is None else one if value == "1" else many

    return _PLACE.sub(put, text)


def counted(n: int, one: str, many: str = "") -> str:
    """A count in English: `1 voice`, `2 voices`, `1,200 voices`; `many` where it is not `one` with an s."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
