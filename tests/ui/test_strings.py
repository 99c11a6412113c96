"""The catalogue of words: complete in both languages, nothing missing, nothing left over."""

import re
import string
from pathlib import Path

import pytest

from studio.ui.strings import STRINGS, catalogue, say

UI = Path(__file__).parents[2] / "studio" / "ui"
BUILT = {  # keys put together at run time: prefix -> what follows
    "nav.": ["speak", "voices", "takes", "productions", "batch", "models", "settings"],
    "batch.state.": ["running", "paused", "cancelled", "done", "interrupted"],
    "batch.file.": ["all", "waiting", "working", "done", "kept", "failed", "cancelled"],
    "batch.sight.": ["new", "made", "replaced", "bad"],
    "batch.column.": ["file", "voice", "length", "state", "result"],
    "theme.": ["auto", "light", "dark"],
    "voices.by.": ["engine", "language", "gender", "kind", "tag", "emotion"],
    "voices.any.": ["engine", "language", "gender", "kind", "tag", "emotion"],
    "voices.sort.": ["newest", "used", "name", "rating"],
    "takes.sort.": ["newest", "longest", "used"],
    "group.": ["timbre", "refining", "sampling", "expert"],
    "how.": ["honoured", "approximated", "ignored", "unknown"],
    "book.gap.": ["sentence", "paragraph", "chapter"],
    "kind.": ["builtin", "seed", "embedding", "clip", "blend"],
    "emotion.": ["happy", "sad", "angry", "neutral", "fearful", "disgusted", "surprised", "unknown"],
    "gender.": ["female", "male", "neutral"],
    "state.": ["new", "waiting", "running", "done", "stopped", "failed", "interrupted"],
    "model.state.": ["ready", "missing", "broken"],
    "unit.": ["semitones", "percent", "characters"],
    "script.tab.": ["script", "cast", "lexicon", "sound", "export"],
    "lines.key.": ["move", "extend", "take", "split"],
    "line.state.": ["planned", "stale", "done", "failed", "locked"],
    "sound.": ["music", "cover", "music.help", "cover.help"],
    "exchange.prefer.": ["here", "file", "skip"],
    "draw.title.": ["draw", "mix", "between", "mutate", "breed", "voices", "styles"],
    "blend.mode.": ["mix", "between", "mutate", "breed"],
    "blend.help.": ["mix", "between", "mutate", "breed"],
    "blend.hear.": ["one", "many"],
    "open.made.": ["draw", "mix", "between", "mutate", "breed"],
    "clone.": ["good", "fair", "poor", "then.keep", "then.replace", "then.leave"],
    "example.": ["zh", "en", "mixed", "zh.label", "en.label", "mixed.label"],
}


def used() -> set[str]:
    """Every key that a script or a module names, and those that are put together."""
    found = {prefix + rest for prefix, ends in BUILT.items() for rest in ends}
    for path in UI.rglob("*.js"):
        found |= set(re.findall(r"\bt\([\w.?\s]*?\"([a-z.]+)\"", path.read_text(encoding="utf-8")))
        found |= set(re.findall(r"t\(\w+ \? \"[a-z.]+\" : \"([a-z.]+)\"\)", path.read_text(encoding="utf-8")))
    for path in UI.rglob("*.py"):
        if path.parent.name != "strings":
            text = path.read_text(encoding="utf-8")
            found |= set(re.findall(r"\b(?:say|word|words)\([\"']([a-z.]+)[\"']", text))
            found |= {key for key in re.findall(r"\"([a-z]+(?:\.[a-z]+)+)\"", text) if key in STRINGS}
    return {key for key in found if not key.endswith(".")}


def test_every_key_that_is_used_exists() -> None:
    assert used() - set(STRINGS) == set()


def test_every_key_is_used() -> None:
    assert set(STRINGS) - used() == set()


@pytest.mark.parametrize("key", sorted(STRINGS))
def test_both_languages_say_it_with_the_same_values(key: str) -> None:
    words = STRINGS[key]
    assert words.en.strip()
    assert words.zh.strip()
    values = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in words]
    assert values[0] == values[1]


SAME = (
    "unit.percent",
    "app.name",
    "language.other",
    "example.",
    "kind.",
    "speak.generate.help",
    "speak.stop.help",
    "settings.version",
)


@pytest.mark.parametrize("key", sorted(k for k in STRINGS if not k.startswith(SAME)))
def test_chinese_is_chinese_and_english_is_english(key: str) -> None:
    words = STRINGS[key]
    han = re.compile(r"[\u4e00-\u9fff]")
    assert not han.search(words.en)
    assert han.search(words.zh) or not re.search(r"[A-Za-z]{2}", re.sub(r"\{\w+\}", "", words.zh))


def test_no_emoji_anywhere() -> None:
    emoji = re.compile(r"[\U0001f300-\U0001faff\u2600-\u27bf]")
    assert [key for key, words in STRINGS.items() if any(emoji.search(text) for text in words)] == []


def test_say_fills_values() -> None:
    assert say("voice.kept", "zh-CN", name="晚风") == "“晚风”已保存到音色库。"
    assert catalogue("en")["stop"] == "Stop"
