"""SSML 1.1 (https://www.w3.org/TR/speech-synthesis11/) as a script: its elements become the studio's marks.

Read are `speak p s break prosody emphasis voice say-as sub phoneme lang mark`, and of Microsoft's dialect
`express-as`. What no mark stands for (pitch, volume, pronunciation in IPA for engines without it) is told, never read.
"""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from studio.errors import BadFile
from studio.manuscripts.document import Document, Passage, Section
from studio.manuscripts.markup_tree import attribute, local, parse_xml
from studio.text.declarations import SPEED, emotion_of
from studio.text.language import base, detect, speakable
from studio.text.scan import without_marks
from studio.words import Words

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

DEEPEST = 200
STRENGTHS = {"none": 0, "x-weak": 100, "weak": 200, "medium": 400, "strong": 700, "x-strong": 1200}
RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.4, "x-fast": 1.8}
_TIME = re.compile(r"\+?(\d{1,5}(?:\.\d{1,4})?)\s*(ms|s)")
_PINYIN = re.compile(r"(?:[a-zü]{1,6}[1-5]\s*)+", re.IGNORECASE)
_NOT_KEPT = {
    "pitch": Words("pitch of prosody", "prosody 的音高"),
    "contour": Words("contour of prosody", "prosody 的音高曲线"),
    "range": Words("range of prosody", "prosody 的音域"),
    "volume": Words("volume of prosody", "prosody 的音量"),
    "duration": Words("duration of prosody", "prosody 的时长"),
    "ipa": Words("pronunciation in IPA", "IPA 注音"),
    "audio": Words("recordings (audio)", "插入的录音（audio）"),
}


@dataclass
class _State:
    """What holds where the reader is."""

    speaker: str = ""
    language: str = ""
    emotion: str = ""


@dataclass
class _Script:
    """The passages on their way, and what is not kept."""

    passages: list[Passage] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    state: _State = field(default_factory=_State)

    def end(self) -> None:
        """The passage is over."""
        text = " ".join("".join(self.words).split())
        self.words.clear()
        pause = re.fullmatch(r"(?:\[pause \d+ms\]\s*)+", text)
        if pause and self.passages:
            ms = sum(int(one) for one in re.findall(r"\d+", text))
            self.passages[-1] = replace(self.passages[-1], pause_ms=(self.passages[-1].pause_ms or 0) + ms)
        elif text:
            now = self.state
            self.passages.append(Passage(text, speaker=now.speaker, emotion=now.emotion, language=now.language))


def looks_like_ssml(text: str) -> bool:
    head = text.lstrip("\ufeff \t\r\n")[:2000]
    return head.startswith("<") and re.search(r"<speak[\s>]", head) is not None


def read_ssml(data: bytes, name: str) -> Document:
    """The script in an SSML document. `BadFile` when it is not well-formed, or says nothing."""
    root = parse_xml(data, name)
    if local(root.tag) != "speak":
        raise BadFile(
            f"{name} is no SSML: it begins with <{local(root.tag)[:40]}>, not with <speak>",
            f"{name} 不是 SSML：开头是 <{local(root.tag)[:40]}>，而不是 <speak>",
            where=name,
        )
    script = _Script(state=_State(language=attribute(root, "lang")))
    _walk(root, script, 0, name)
    script.end()
    if not any(speakable(without_marks(passage.text)) for passage in script.passages):
        raise BadFile(f"{name}: nothing in it can be spoken", f"{name}：里面没有可以朗读的内容", where=name)
    notes = tuple(
        Words(f"not kept: {_NOT_KEPT[what].en} ({count}×)", f"未保留：{_NOT_KEPT[what].zh}（{count} 处）")
        for what, count in script.lost.items()
    )
    title = name.rpartition(".")[0]
    words = " ".join(p.text for p in script.passages)
    language = base(attribute(root, "lang")) or detect(words)
    return Document(name, "ssml", title, "", language, (Section(title, tuple(script.passages)),), notes, scripted=True)


def _walk(element: "Element", script: _Script, depth: int, name: str) -> None:
    if depth > DEEPEST:
        raise BadFile(
            f"{name}: elements are nested {DEEPEST} deep; this is no script",
            f"{name}：元素嵌套超过 {DEEPEST} 层，不是正常的脚本",
            where=name,
        )
    if local(element.tag) not in ("desc", "metadata", "meta", "lexicon", "lookup"):
        _say(element.text, script)
        for child in element:
            _element(child, script, depth + 1, name)
            _say(child.tail, script)


def _say(text: str | None, script: _Script) -> None:
    if text:
        script.words.append(text.replace("[", "\\["))


def _element(element: "Element", script: _Script, depth: int, name: str) -> None:
    tag = local(element.tag)
    if tag in ("p", "s"):
        script.end()
        before = replace(script.state)
        script.state.language = attribute(element, "lang") or before.language
        _walk(element, script, depth, name)
        script.end()
        script.state = before
    elif tag in ("voice", "express-as", "lang"):
        before = replace(script.state)
        changed = replace(
            before,
            speaker=attribute(element, "name") if tag == "voice" and attribute(element, "name") else before.speaker,
            emotion=emotion_of(attribute(element, "style")) if tag == "express-as" else before.emotion,
            language=attribute(element, "lang") or before.language,
        )
        if tag != "lang" and changed != before:
            script.end()
        script.state = (
            changed if tag != "lang" else before
        )  # a foreign word inside a sentence: engines hear it themselves
        _walk(element, script, depth, name)
        if tag != "lang" and changed != before:
            script.end()
        script.state = before
    elif tag == "break":
        script.words.append(_pause(element))
    elif tag == "prosody":
        _prosody(element, script, depth, name)
    elif tag == "emphasis" and attribute(element, "level") not in ("none", "reduced"):
        _around(element, script, depth, name, "[strong]", "[/strong]")
    elif tag == "sub":
        _say(attribute(element, "alias") or "".join(element.itertext()), script)
    elif tag == "phoneme":
        _phoneme(element, script)
    elif tag == "say-as" and attribute(element, "interpret-as") in ("characters", "spell-out", "verbatim"):
        _say(" ".join("".join(element.itertext())), script)
    else:
        if tag == "audio":
            script.lost["audio"] += 1
        _walk(element, script, depth, name)


def _around(element: "Element", script: _Script, depth: int, name: str, before: str, after: str) -> None:
    """A mark around what is inside; one that would span several passages is put into none."""
    count, at = len(script.passages), len(script.words)
    _walk(element, script, depth, name)
    if len(script.passages) == count and "".join(script.words[at:]).strip():
        inner = "".join(script.words[at:])
        script.words[at:] = [before, inner.strip(), after, " " if inner.endswith(" ") else ""]


def _pause(element: "Element") -> str:
    time, strength = attribute(element, "time"), attribute(element, "strength")
    if match := _TIME.fullmatch(time.strip()):
        ms = round(float(match[1]) * (1 if match[2] == "ms" else 1000))
        return f" [pause {min(ms, 60_000)}ms] " if ms else " "
    if strength in STRENGTHS:
        return f" [pause {STRENGTHS[strength]}ms] " if STRENGTHS[strength] else " "
    return " [break] "


def _prosody(element: "Element", script: _Script, depth: int, name: str) -> None:
    for key in ("pitch", "contour", "range", "volume", "duration"):
        if attribute(element, key) not in ("", "medium", "default", "+0%", "0%"):
            script.lost[key] += 1
    rate = _rate(attribute(element, "rate").strip())
    if rate == 1.0:
        _walk(element, script, depth, name)
    else:
        _around(element, script, depth, name, f"[speed {rate:g}]", "[/speed]")


def _rate(told: str) -> float:
    if told in RATES:
        return RATES[told]
    match = re.fullmatch(r"([+-]?)(\d{1,3}(?:\.\d{1,3})?)(%?)", told)
    if not match:
        return 1.0
    value = float(match[2])
    if match[3]:  # SSML 1.1 has a percentage of the default; a sign makes it a change
        value = 1 + (value if match[1] == "+" else -value) / 100 if match[1] else value / 100
    return round(min(max(value, SPEED[0]), SPEED[1]), 3)


def _phoneme(element: "Element", script: _Script) -> None:
    words, sounds = " ".join("".join(element.itertext()).split()), attribute(element, "ph").strip()
    if words and _PINYIN.fullmatch(sounds) and attribute(element, "alphabet") != "ipa":
        script.words.append(f"[say {words} as {' '.join(sounds.split())}]")
    else:
        script.lost["ipa"] += 1
        _say(words, script)
