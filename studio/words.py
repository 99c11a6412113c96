"""Every sentence that a person reads, in the two languages of the studio."""

from typing import NamedTuple


class Words(NamedTuple):
    """One text written twice, each for its own reader. Open to every room, like `errors`."""

    en: str
    zh: str

    def text(self, language: str) -> str:
        """The Chinese text for any Chinese locale (`zh`, `zh-CN`, `zh_TW.UTF-8` …), otherwise the English one."""
        return self.zh if language.lower().startswith("zh") else self.en
