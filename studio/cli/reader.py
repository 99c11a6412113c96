"""Which language the person at the terminal reads, known before any help text is made."""

import os
import sys

from studio.words import Words

OPTION = "--interface"
VARIABLES = ("TIMBRE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def reader_language(argv: list[str], environment: dict[str, str]) -> str:
    """`zh` or `en`: the option, then TIMBRE_LANGUAGE, then the locale of the terminal."""
    named = [value for word, value in zip(argv, argv[1:], strict=False) if word == OPTION]
    named += [word.partition("=")[2] for word in argv if word.startswith(f"{OPTION}=")]
    named += [environment.get(name, "") for name in VARIABLES]
    chosen = next((name for name in named if name and name != "auto"), "en")
    return "zh" if chosen.lower().startswith("zh") else "en"


LANGUAGE = reader_language(sys.argv, dict(os.environ))


def say(en: str, zh: str) -> str:
    """The text for this reader."""
    return Words(en, zh).text(LANGUAGE)
