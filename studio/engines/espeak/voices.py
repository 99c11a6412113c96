"""The voices of eSpeak NG: those it brings, accents of its languages, and those drawn from a seed."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from studio.engines.contract import BuiltinVoice
from studio.engines.espeak.languages import Language, languages
from studio.engines.espeak.timbre import PLAIN, Timbre, read_variant
from studio.errors import NotFound
from studio.words import Words

Gender = Literal["female", "male", "neutral", ""]
PLAIN_NAME = "default"

# name of the variant | gender | English | Chinese. Left out are those of the Klatt synthesiser (breath, tone and
# blending do nothing there), robots made by echo alone, and near-copies of others.
TABLE = """
f2 | female | Female 2 | 女声 2
f3 | female | Female 3 | 女声 3
f1 | female | Female 1 | 女声 1
f4 | female | Female 4 | 女声 4
f5 | female | Female 5, breathy | 女声 5（带气声）
Annie | female | Annie | 安妮（女）
Alicia | female | Alicia, bright | 艾丽西娅（女，明亮）
Andrea | female | Andrea | 安德烈娅（女）
anika | female | Anika | 阿妮卡（女）
belinda | female | Belinda | 贝琳达（女）
linda | female | Linda | 琳达（女）
steph | female | Steph | 斯蒂芙（女）
aunty | female | Aunty | 阿姨
grandma | female | Grandma | 奶奶
m1 | male | Male 1 | 男声 1
m2 | male | Male 2 | 男声 2
m3 | male | Male 3 | 男声 3
m4 | male | Male 4 | 男声 4
m5 | male | Male 5 | 男声 5
m6 | male | Male 6 | 男声 6
m7 | male | Male 7 | 男声 7
m8 | male | Male 8, deep | 男声 8（低沉）
Alex | male | Alex | 亚历克斯（男）
Denis | male | Denis | 丹尼斯（男）
Gene | male | Gene | 吉恩（男）
Gene2 | male | Gene 2, lighter | 吉恩 2（男，较轻）
Hugo | male | Hugo | 雨果（男）
Jacky | male | Jacky | 杰基（男）
Lee | male | Lee | 李（男）
Mario | male | Mario | 马里奥（男）
Michael | male | Michael | 迈克尔（男）
Mike | male | Mike, deep | 迈克（男，低沉）
Nguyen | male | Nguyen, lively | 阮（男，活泼）
Storm | male | Storm, deep | 斯托姆（男，低沉）
antonio | male | Antonio | 安东尼奥（男）
ed | male | Ed | 埃德（男）
gustave | male | Gustave | 居斯塔夫（男）
ian | male | Ian, large | 伊恩（男，厚重）
marcelo | male | Marcelo, deep | 马塞洛（男，低沉）
michel | male | Michel | 米歇尔（男）
norbert | male | Norbert | 诺伯特（男）
quincy | male | Quincy | 昆西（男）
rob | male | Rob, wide range | 罗布（男，起伏大）
sandro | male | Sandro, breathy | 桑德罗（男，带气声）
victor | male | Victor | 维克托（男）
grandpa | male | Grandpa | 爷爷
shelby | neutral | Shelby, light | 谢尔比（中性，轻）
zac | neutral | Zac, a child | 扎克（孩子）
croak | male | Croaky old man | 沙哑老人
whisper | male | Whisper, male | 耳语（男）
whisperf | female | Whisper, female | 耳语（女）
"""

# From these a seed draws; their order is part of what a seed means and never changes.
WOMEN = ("f1", "f2", "f3", "f4", "f5", "Annie", "Alicia", "belinda", "linda", "steph", "aunty", "grandma")
MEN = ("m1", "m2", "m3", "m4", "m6", "m7", "m8", "Alex", "Denis", "Gene2", "Mario", "Nguyen", "antonio", "ed", "michel")


@dataclass(frozen=True)
class Named:
    """What the name of a builtin voice stands for: an accent, a timbre, or both (`en-GB-scotland+f2`)."""

    variant: str
    accent: Language | None


@lru_cache(maxsize=1)
def builtin_voices() -> tuple[BuiltinVoice, ...]:
    """The plain voice, every timbre in every language, and every language or accent in the plain voice."""
    everywhere = tuple(language.tag for language in languages().values())
    plain = BuiltinVoice(PLAIN_NAME, Words("eSpeak NG's own voice", "eSpeak NG 原声"), everywhere, "male")
    timbres = tuple(BuiltinVoice(name, label, everywhere, gender) for name, (gender, label) in _variants().items())
    accents = tuple(
        BuiltinVoice(language.tag, language.label, (language.tag,), "male") for language in languages().values()
    )
    return (plain, *timbres, *accents)


@lru_cache(maxsize=1)
def _variants() -> dict[str, tuple[Gender, Words]]:
    table: dict[str, tuple[Gender, Words]] = {}
    for line in TABLE.strip().splitlines():
        name, gender, english, chinese = (cell.strip() for cell in line.split("|"))
        table[name] = (gender, Words(english, chinese))  # type: ignore[assignment]
    return table


def named(name: str) -> Named:
    """The meaning of a builtin voice's name; `NotFound` with the nearest one otherwise."""
    accent, _, variant = name.rpartition("+")
    known = _variants()
    if variant != PLAIN_NAME and variant not in known and not accent:
        accent, variant = variant, PLAIN_NAME
    language = languages().get(accent.lower()) if accent else None
    if (accent and language is None) or (variant != PLAIN_NAME and variant not in known):
        raise NotFound.among(Words("espeak voice", "espeak 音色"), name, _names(), where="voice.name")
    return Named(variant, language)


def _names() -> list[str]:
    return [voice.name for voice in builtin_voices()]


@lru_cache(maxsize=128)
def timbre_of(variant: str, data: Path) -> Timbre:
    """The timbre of a builtin voice; `data` is eSpeak NG's data folder."""
    return PLAIN if variant == PLAIN_NAME else read_variant(data / "voices" / "!v" / variant).settled()


class Dice:
    """Reproducible numbers from a seed (SplitMix64), the same on every system and in every version."""

    def __init__(self, seed: int) -> None:
        self._state = seed % 2**64

    def fraction(self) -> float:
        """The next number, 0 up to but without 1."""
        self._state = (self._state + 0x9E3779B97F4A7C15) % 2**64
        mixed = self._state
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % 2**64
        return ((mixed ^ (mixed >> 31)) >> 11) / 2**53

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.fraction()

    def one_of(self, names: tuple[str, ...]) -> str:
        return names[int(self.fraction() * len(names))]


@lru_cache(maxsize=256)
def drawn(seed: int, data: Path) -> Timbre:
    """The voice of a seed: two women's or two men's voices mixed, then pitch, range, size, breath and pace drawn.

    The order of the draws is part of what a seed means and never changes.
    """
    dice = Dice(seed)
    family = WOMEN if dice.fraction() < 0.5 else MEN
    first, second = (timbre_of(dice.one_of(family), data) for _ in range(2))
    share = dice.between(0.15, 0.85)
    mixed = Timbre(share * first.values + (1 - share) * second.values)
    pitch, span, size = dice.between(-3.5, 3.5) / 12, dice.between(0.75, 1.35), dice.between(0.94, 1.06)
    breath = max(0.0, dice.between(-12, 8))
    return mixed.with_(
        pitch=mixed.of("pitch") + pitch,
        span=mixed.of("span") * span,
        frequency=mixed.of("frequency") / size,
        breath=mixed.of("breath") + np.array([0, 1, 1, 1, 0.8, 0.6, 0.3, 0.2]) * breath,
        roughness=dice.between(0.0, 3.4),
        flutter=dice.between(0.5, 6.0),
        tone=mixed.of("tone") * 2 ** (dice.between(-0.4, 0.4) * np.array([-0.8, -0.4, 0.2, 0.8, 1.2])),
        pace=dice.between(0.9, 1.1),
    ).settled()
