"""What was odd about a file: told one by one up to a number, then counted, so that a bad file cannot flood a page."""

from studio.words import Words

TOLD = 20  # of a kind that are told one by one


class Oddities:
    """Collects what is to be told, by kind."""

    def __init__(self) -> None:
        self._told: dict[str, list[Words]] = {}
        self._more: dict[str, int] = {}

    def tell(self, kind: str, en: str, zh: str) -> None:
        told = self._told.setdefault(kind, [])
        if len(told) < TOLD:
            told.append(Words(en, zh))
        else:
            self._more[kind] = self._more.get(kind, 0) + 1

    def notes(self) -> tuple[Words, ...]:
        found: list[Words] = []
        for kind, told in self._told.items():
            found += told
            if more := self._more.get(kind):
                found.append(Words(f"and {more:,} more like these", f"另有 {more:,} 处类似情况"))
        return tuple(found)


def shown(text: str, most: int = 40) -> str:
    """Some text as a message quotes it."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
