"""ChatTTS's own clean-up of a text, as its package does it; kept to prove that we know it.

The studio does not speak through it: digits, apostrophes, question marks and every script but Chinese and English
vanish in it without a word. What the studio uses instead is `wording`.
"""

import re
from collections.abc import Callable, Mapping

HAN, WORD, TAG = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"\b[A-Za-z]+\b"), re.compile(r"\[[\w ]+\]")
KEPT = re.compile(r"[^\u4e00-\u9fffA-Za-z，。、,. ]")
ENDS = dict.fromkeys("：；（）【】『』「」《》－", "，") | {"！": "。", "!": "."} | dict.fromkeys(":;()<>-", ",")
NARROW = "!\"#$%&'()*+,-./:;<=>?@\\^`{|}~"
WIDE = dict(zip(NARROW, "！“＃＄％＆‘（）＊＋，－。／：；＜＝＞？＠＼＾｀｛｜｝～", strict=True))


def language_of(text: str) -> str:
    """`zh` where Chinese characters outnumber English words, else `en`."""
    return "zh" if len(HAN.findall(text)) > len(WORD.findall(text)) else "en"


def normalise(
    text: str,
    language: str = "",
    *,
    clean: bool = True,
    registered: Mapping[str, Callable[[str], str]] | None = None,
) -> str:
    """The text as ChatTTS's package would give it to its model, but for its table of homophones.

    `registered` are normalisers by language, which work between the tags; `clean=False` leaves out everything that
    depends on the language.
    """
    if clean:
        language = language or language_of(text)
        if (own := (registered or {}).get(language)) is not None:
            text = _between_tags(text, own)
        if language == "zh":
            text = "".join(WIDE.get(character, character) for character in text)
    if not KEPT.search(TAG.sub("", text)):
        return text
    text = "".join(ENDS.get(character, character) for character in text)
    return _outside_tags(text)


def _between_tags(text: str, own: Callable[[str], str]) -> str:
    parts = re.split(r"(\[[^\]]*\]?)", text)
    return "".join(part if part.startswith("[") and part.endswith("]") else own(part) for part in parts if part)


def _outside_tags(text: str) -> str:
    kept, at = [], 0
    for tag in TAG.finditer(text):
        kept += [KEPT.sub("", text[at : tag.start()]), tag[0]]
        at = tag.end()
    return "".join([*kept, KEPT.sub("", text[at:])])
