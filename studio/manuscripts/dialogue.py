"""Scripts of dialogue: `role::text`, `Role: text` and `角色：台词`, with an emotion in brackets behind the name."""

# Word lists read better as one string.
# ruff: noqa: SIM905

import re
from collections import Counter

from studio.manuscripts.document import Document, Passage, Section
from studio.manuscripts.webpage import BREAK
from studio.text.declarations import emotion_of
from studio.text.headings import heading_of
from studio.text.language import detect

_ROLE = r"[^\s:：\[\]#*<>|][^:：\[\]\n<>|]{0,28}?"
_DOUBLE = re.compile(rf"^\s*(?P<role>{_ROLE})\s*(?:[(（](?P<how>[^()（）\n]{{1,20}})[)）])?\s*::\s*(?P<said>\S.*)$")
_SINGLE = re.compile(
    rf"^\s*\**(?P<role>{_ROLE})\s*(?:[(（](?P<how>[^()（）\n]{{1,20}})[)）])?\**\s*[:：]\**\s+?(?P<said>\S.*)$"
)
_FULL = re.compile(rf"^\s*(?P<role>{_ROLE})\s*(?:[(（](?P<how>[^()（）\n]{{1,20}})[)）])?：\s*(?P<said>\S.*)$")
_BRACKETS = re.compile(r"^\s*\[(?P<role>[^\[\]\n]{1,28})\](?P<how>)\s*(?P<said>\S.*)$")
_MARK = re.compile(r"/?(?:pause|break|laugh|breath|emotion|strong|speed|say)\b", re.IGNORECASE)
_NARRATORS = frozenset("narrator 旁白 narration 叙述 解说".split())
ENOUGH = 0.6  # of the lines have a role in a script
LINES = 4  # and there are so many of them, unless the roles are marked beyond doubt


def looks_like_dialogue(text: str) -> bool:
    """Whether most lines say who speaks, and the same names come again."""
    told = (line for line in text[:200_000].split("\n") if line.strip() and not line.lstrip().startswith("#"))
    lines = [line for line in told if not BREAK.fullmatch(line.strip())]
    if not lines:
        return False
    doubled = sum(_DOUBLE.match(line) is not None for line in lines)
    if doubled >= 0.3 * len(lines):
        return True
    roles = Counter(match["role"] for line in lines if (match := _role_of(line)) is not None)
    total = sum(roles.values())
    again = sum(count for count in roles.values() if count > 1)
    return len(lines) >= LINES and total >= ENOUGH * len(lines) and again >= ENOUGH * total and len(roles) <= 60


def read_dialogue(text: str, name: str) -> Document:
    """A script: a line each, headings make chapters, what has no role is the narrator's."""
    sections: list[tuple[str, list[Passage]]] = [("", [])]
    title = ""
    at = 0
    for line in text.split("\n"):
        start, at = at, at + len(line) + 1
        words = line.strip()
        if not words:
            continue
        heading = heading_of(words, start, at)
        match = None if words.startswith("#") else _DOUBLE.match(line) or _role_of(line)
        if heading and match is None:
            title = title or heading.title
            sections.append((heading.title, []))
        elif BREAK.fullmatch(words):
            if sections[-1][1]:
                last = sections[-1][1][-1]
                sections[-1][1][-1] = Passage(last.text, speaker=last.speaker, emotion=last.emotion, scene=True)
        elif match is not None:
            role = match["role"].strip(" *")
            how = emotion_of((match["how"] or "").strip())
            said = match["said"].strip()
            sections[-1][1].append(Passage(said, speaker="" if role.lower() in _NARRATORS else role, emotion=how))
        else:
            sections[-1][1].append(Passage(words))
    stem = name.rpartition(".")[0]
    found = tuple(Section(label or title or stem, tuple(row)) for label, row in sections if row)
    return Document(name, "dialogue", title or stem, "", detect(text[:20_000]), found, scripted=True)


def _role_of(line: str) -> re.Match[str] | None:
    for form in (_DOUBLE, _FULL, _SINGLE, _BRACKETS):
        match = form.match(line)
        if match is None or (form is _BRACKETS and _MARK.match(match["role"])):
            continue
        if len(match["role"].split()) <= 4 and not match["role"].strip().isdigit():
            return match
    return None
