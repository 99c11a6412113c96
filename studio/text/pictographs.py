"""Emoji: read by name in the text's language, or left out. The names are Unicode CLDR's, from the `emoji` package."""

import re
from collections.abc import Callable

_MAYBE = re.compile(
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]|[0-9#*]\ufe0f?\u20e3"
)
_PLAIN = frozenset("©®™ℹ‼⁉↔〰")  # text that may be shown as emoji; the engines read it or pass over it
_LEFT_OVER = re.compile("[\ufe0f\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\u20e3]+")
_TONES = dict.fromkeys(range(127995, 128000))
_KNOWN = ("en", "es", "ja", "ko", "pt", "it", "fr", "de", "fa", "id", "zh", "ru", "tr", "ar")


def has_emoji(text: str) -> bool:
    """Whether there may be emoji in `text`; cheap."""
    return not text.isascii() and bool(_MAYBE.search(text))


def replace_emoji(text: str, replace: Callable[[str], str]) -> str:
    """`text` with every run of one emoji (repeats count once) replaced by what `replace` gives for it."""
    import emoji

    parts, at, last = [], 0, ""
    for found in emoji.emoji_list(text):
        start, end, character = found["match_start"], found["match_end"], found["emoji"]
        if character in _PLAIN:
            continue
        between = text[at:start]
        parts.append(between)
        if character != last or between.strip():
            parts.append(replace(character))
        at, last = end, character
    parts.append(text[at:])
    return _LEFT_OVER.sub("", "".join(parts))


def emoji_name(character: str, language: str) -> str:
    """What it shows, in words of `language` (English where there are none); the skin's tone is not said."""
    import emoji

    known = "zh" if language == "yue" else language if language in _KNOWN else "en"
    name = emoji.demojize(character.translate(_TONES) or character, language=known, delimiters=("", ""))
    return name.replace("_", " ").strip()
