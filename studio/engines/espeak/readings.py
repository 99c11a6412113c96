"""`[say … as …]` for eSpeak NG: pinyin as its Mandarin voice takes it, IPA as its phoneme names."""

import re
import unicodedata

from studio.errors import BadText

_INITIALS = "zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]"
_FINALS = (
    "iang|iong|uang|ueng|ang|eng|ing|ong|iao|ian|uai|uan|van|ai|ei|ao|ou|an|en|in|un|vn|ia|ie|iu|ua|uo|ui|ue|ve|er|"
    "a|o|e|i|u|v"
)
_SYLLABLE = re.compile(rf"(?:(?:{_INITIALS})?(?:{_FINALS})|n|ng|m)[1-5]")
_TONE_MARKS = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}

# IPA of English -> the phoneme names of eSpeak NG's English. Longest first when reading.
_IPA = {
    "tʃ": "tS", "dʒ": "dZ", "ʃ": "S", "ʒ": "Z", "θ": "T", "ð": "D", "ŋ": "N", "ɹ": "r", "r": "r", "ɡ": "g", "g": "g",
    "p": "p", "b": "b", "t": "t", "d": "d", "k": "k", "f": "f", "v": "v", "s": "s", "z": "z", "m": "m", "n": "n",
    "l": "l", "h": "h", "w": "w", "j": "j", "ɫ": "l", "ɾ": "t#", "ʔ": "?", "x": "x",
    "aɪ": "aI", "aʊ": "aU", "eɪ": "eI", "ɔɪ": "OI", "oʊ": "oU", "əʊ": "oU",
    "ɪə": "i@", "eə": "e@", "ʊə": "U@", "iː": "i:", "uː": "u:", "ɑː": "A:", "ɔː": "O:", "ɜː": "3:", "ɝ": "3:", "ɚ": "3",
    "i": "i", "u": "u:", "ɑ": "A:", "ɒ": "0", "ɔ": "O:", "ɜ": "3:", "ɪ": "I", "ɛ": "E", "e": "E", "æ": "a", "a": "a",
    "ʌ": "V", "ʊ": "U", "ə": "@", "o": "oU", "ˈ": "'", "ˌ": ",", "'": "'", ".": "", "‿": "", "͡": "", " ": "||",
}  # fmt: skip
_IPA_TOKENS = re.compile("|".join(sorted(map(re.escape, _IPA), key=len, reverse=True)))


def pinyin(reading: str) -> str | None:
    """Pinyin with tone numbers as eSpeak NG reads it (`ü` as `v`), from numbers or tone marks; None if it is none."""
    syllables = reading.lower().replace("u:", "v").split()
    numbered = [_numbered(syllable) for syllable in syllables]
    if not numbered:
        return None
    split = [_SYLLABLE.findall(word) if re.search(r"\d", word) else [] for word in numbered]
    if any("".join(found) != word for found, word in zip(split, numbered, strict=True)):
        return None
    return " ".join(syllable for found in split for syllable in found)


def _numbered(syllable: str) -> str:
    """`chóng` -> `chong2`, `lǜ` -> `lv4`."""
    letters, tone = "", ""
    for character in unicodedata.normalize("NFD", syllable):
        if character in _TONE_MARKS:
            tone = _TONE_MARKS[character]
        elif character == "\u0308":
            letters = letters[:-1] + "v"
        else:
            letters += character
    return letters + tone


def ipa(reading: str) -> str | None:
    """eSpeak NG's phoneme names of English IPA between slashes; None if there are no slashes.

    `BadText` names a symbol that English does not have.
    """
    reading = reading.strip()
    if not (len(reading) > 2 and reading[0] == reading[-1] == "/"):
        return None
    body, names, at = unicodedata.normalize("NFC", reading[1:-1]), [], 0
    while at < len(body):
        token = _IPA_TOKENS.match(body, at)
        if token is None:
            raise BadText(
                f"[say … as {reading}]: espeak has no English sound “{body[at]}”; use the IPA symbols of English, "
                "or respell the word without slashes",
                f"[say … as {reading}]：espeak 的英语里没有“{body[at]}”这个音；请用英语国际音标，或去掉斜杠用谐音拼写",
                where="text",
            )
        names.append(_IPA[token[0]])
        at = token.end()
    return "".join(names)
