"""Web and mail addresses as one says them: “example dot com”, “点”, without the part that only machines read."""

import re

_WEB = re.compile(
    r"(?:https?://(?:www\.)?|ftp://|www\.)(?P<host>[\w-]+(?:\.[\w-]+)+|localhost)(?P<port>:[0-9]{1,5})?"
    r"(?P<rest>[/?#][!#-&(-;=?-Z_a-z~/]*)?",
    re.ASCII | re.IGNORECASE,
)
_MAIL = re.compile(r"(?:mailto:)?(?P<name>[\w.+-]{1,64})@(?P<host>\w[\w-]{0,62}(?:\.\w[\w-]{0,62})+)", re.ASCII)
_POINTS = {"zh": ("点", "斜杠", "杠", "艾特"), "en": ("dot", "slash", "dash", "at")}
_TRAILING = ".,;:!?)]}'\""


def read_addresses(text: str, language: str, whole: bool = False) -> tuple[str, list[tuple[str, str]]]:
    """`text` with its addresses in words, and (address, what was left unsaid) for each that was shortened."""
    if "@" not in text and "://" not in text and "www." not in text.lower():
        return text, []
    shortened: list[tuple[str, str]] = []
    point, slash, dash, at = _POINTS["zh" if language in ("zh", "yue") else "en"]

    def host(name: str) -> str:
        return name.replace("-", f" {dash} ").replace(".", f" {point} ")

    def web(match: re.Match[str]) -> str:
        rest = match["rest"] or ""
        said = rest.rstrip(_TRAILING)
        path = said.rstrip("/")
        if path and whole:
            words = re.sub(r"[/?&=#]+", f" {slash} ", path).replace(".", f" {point} ").replace("-", f" {dash} ")
            return f"{host(match['host'])}{words}{rest[len(said) :]}"
        if path:
            shortened.append((match[0][: len(match[0]) - len(rest) + len(said)], path))
        return host(match["host"]) + rest[len(said) :]

    def mail(match: re.Match[str]) -> str:
        return f"{host(match['name'])} {at} {host(match['host'])}"

    return _WEB.sub(web, _MAIL.sub(mail, text)), shortened
