"""The last mile of a text to CosyVoice: our marks in its own tokens, readings as phonemes, katakana for Japanese.

The studio's own normalisation has been here: numbers and dates are words.
"""

import re
from collections.abc import Iterable

from studio.engines.cosyvoice.tokens import AROUND, CMU, END_OF_PROMPT, PINYIN
from studio.errors import BadText
from studio.text.language import base, detect, weight
from studio.text.marks import Close, How, MarkNote, Native, Node, Open, Say, Sound, Text
from studio.words import Words

SOUNDS = {"laugh": "[laughter]", "breath": "[breath]", "break": "，"}
AROUND_MARKS = {"strong": AROUND[0]}
SHORT = 0.5  # of what is said in a clip: a text that is shorter reads less well, as is published
TAG = re.compile(r"<\|[^|<>]*\|>")
_PHONEMES = {name.lower(): name for name in CMU}
_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_TONES = {"a": "āáǎà", "e": "ēéěè", "i": "īíǐì", "o": "ōóǒò", "u": "ūúǔù", "ü": "ǖǘǚǜ"}
_SYLLABLE = re.compile(r"[a-zü]+[1-5]")


def word(nodes: Iterable[Node], generation: int) -> tuple[list[Node], list[MarkNote]]:
    """The nodes of an utterance as a generation reads them, and what had to be changed."""
    made: list[Node] = []
    notes: list[MarkNote] = []
    for node in nodes:
        match node:
            case Say(written, reading):
                made.append(_said(written, reading, generation, notes))
            case _:
                made.append(node)
    return made, notes


def spoken(nodes: Iterable[Node], generation: int) -> str:
    """The nodes as the tokenizer gets them."""
    parts = []
    for node in nodes:
        match node:
            case Text(text):
                parts.append(text)
            case Sound(name):
                known = generation > 1 or name == "break"
                parts.append(SOUNDS.get(name, "") if known else "")
            case Open(name):
                parts.append(AROUND_MARKS[name][0] if generation > 1 and name in AROUND_MARKS else "")
            case Close(name):
                parts.append(AROUND_MARKS[name][1] if generation > 1 and name in AROUND_MARKS else "")
            case Native(token):
                parts.append(token)
    return "".join(parts).strip()


def check(text: str) -> None:
    """`BadText` for tokens that may not stand in a text: ends of prompts, and pairs that do not close."""
    if END_OF_PROMPT in text:
        raise BadText(
            f"{END_OF_PROMPT} ends an instruction: only the studio writes it. Put the instruction into its own control",
            f"{END_OF_PROMPT} 用来结束指令，只能由工坊写入。请把指令填在“指令”一栏",
            where="text",
            mark=END_OF_PROMPT,
        )
    for first, last in AROUND:
        depth = 0
        for token in re.findall(f"{re.escape(first)}|{re.escape(last)}", text):
            depth += 1 if token == first else -1
            if depth not in (0, 1):
                break
        if depth:
            raise BadText(
                f"{first} and {last} do not pair up; write them around what they are for",
                f"{first} 与 {last} 没有成对；请写在要作用的文字两侧",
                where="text",
                mark=first,
            )


def unsuited(said: str, text: str, language: str) -> dict[str, tuple[How, Words]]:
    """What does not suit in a text that goes on from what is said in a clip, by name; nothing where all is well."""
    found: dict[str, tuple[How, Words]] = {}
    one, other = detect(said, language), base(language)
    if one != other and {one, other} != {"zh", "yue"}:
        found["language"] = (
            "approximated",
            Words(
                f"the clip is in another language ({one}) than the text ({other}): words may come out wrong; choose "
                "the mode “Voice only (another language)”",
                f"参考音频的语言（{one}）与文本（{other}）不同，读音可能出错；请改用“仅音色（跨语种）”模式",
            ),
        )
    if weight(text).total < SHORT * weight(said).total:
        found["length"] = (
            "approximated",
            Words(
                "the text is less than half as long as what is said in the clip, and such lines are less steady: write "
                "longer ones, take a shorter clip, or choose the mode “Voice only”",
                "文本不到参考音频文字的一半，这样的句子不够稳定：请加长句子、换一段更短的音频，或改用“仅音色”模式",
            ),
        )
    return found


def katakana(text: str) -> str:
    """Hiragana as katakana: how the third generation reads Japanese."""
    return "".join(chr(ord(one) + 0x60) if "ぁ" <= one <= "ゖ" else one for one in text)


def _said(written: str, reading: str, generation: int, notes: list[MarkNote]) -> Node:
    """A word by its reading: phoneme tokens where the model has them, else as it is spelled."""
    tokens = _phonemes(reading) if generation == 3 else None
    if tokens is None and generation == 3 and re.search(r"[1-5]", reading):
        note = Words(
            "not pinyin or ARPAbet that the model knows; as it is spelled", "不是模型认识的拼音或音素；按拼写朗读"
        )
        notes.append(MarkNote(f"{written} → {reading}", "approximated", note, 0))
    if tokens is None:
        return Text(reading)
    return Text("".join(f"[{token}]" for token in tokens))


def _phonemes(reading: str) -> list[str] | None:
    """`chong2 qing4` → ch, óng, q, ìng; `HH AH0 L OW1` as it is. None for anything else."""
    parts = reading.split()
    if parts and all(part.lower() in _PHONEMES for part in parts):
        return [_PHONEMES[part.lower()] for part in parts]
    found: list[str] = []
    for part in parts:
        syllable = part.lower().replace("v", "ü")
        if not _SYLLABLE.fullmatch(syllable) or (pieces := _pinyin(syllable)) is None:
            return None
        found += pieces
    return found or None


def _pinyin(syllable: str) -> list[str] | None:
    """An initial, and a final with its tone written on it, as far as both are tokens."""
    letters, tone = syllable[:-1], int(syllable[-1])
    initial = next((one for one in _INITIALS if letters.startswith(one)), "")
    final = letters[len(initial) :]
    marked = _toned(final, tone)
    pieces = [piece for piece in (initial, marked) if piece]
    return pieces if all(piece in PINYIN for piece in pieces) else None


def _toned(final: str, tone: int) -> str:
    """The tone on the vowel that bears it: a or e, the o of ou, else the last vowel."""
    if tone == 5 or not final:
        return final
    at = next((final.index(one) for one in ("a", "e") if one in final), -1)
    if at < 0:
        at = final.index("o") if "ou" in final else max(final.rfind(one) for one in "iouü")
    return final if at < 0 else final[:at] + _TONES[final[at]][tone - 1] + final[at + 1 :]
