"""The voices of eSpeak NG: those it brings, accents of its languages, and those drawn from a seed."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple, cast

import numpy as np

from studio.engines.contract import BuiltinVoice
from studio.engines.espeak.languages import Language, languages
from studio.engines.espeak.timbre import PLAIN, Timbre, read_variant
from studio.errors import NotFound
from studio.words import Words

Gender = Literal["female", "male", "neutral", ""]
PLAIN_NAME = "default"

# name of the variant | gender | level in dB | English | Chinese. Left out are those of the Klatt synthesiser (breath,
# tone and blending do nothing there), robots made by echo alone, and near-copies of others.
TABLE = """
f2 | female | -2 | Female 2 | 女声 2
f3 | female | -0.7 | Female 3 | 女声 3
f1 | female | -1.6 | Female 1 | 女声 1
f4 | female | -1.9 | Female 4 | 女声 4
f5 | female | 0 | Female 5, breathy | 女声 5（带气声）
Annie | female | -0.3 | Annie | 安妮（女）
Alicia | female | -2.4 | Alicia, bright | 艾丽西娅（女，明亮）
Andrea | female | -5.8 | Andrea | 安德烈娅（女）
anika | female | -4.6 | Anika | 阿妮卡（女）
belinda | female | -1.6 | Belinda | 贝琳达（女）
linda | female | -1.4 | Linda | 琳达（女）
steph | female | -0.3 | Steph | 斯蒂芙（女）
aunty | female | -2.3 | Aunty | 阿姨
grandma | female | 0 | Grandma | 奶奶
m1 | male | 1 | Male 1 | 男声 1
m2 | male | 1.6 | Male 2 | 男声 2
m3 | male | 0 | Male 3 | 男声 3
m4 | male | 0.1 | Male 4 | 男声 4
m5 | male | 0.9 | Male 5 | 男声 5
m6 | male | -0.3 | Male 6 | 男声 6
m7 | male | -1.3 | Male 7 | 男声 7
m8 | male | 4.3 | Male 8, deep | 男声 8（低沉）
Alex | male | 0.9 | Alex | 亚历克斯（男）
Denis | male | 4.7 | Denis | 丹尼斯（男）
Gene | male | -3.7 | Gene | 吉恩（男）
Gene2 | male | -4.8 | Gene 2, lighter | 吉恩 2（男，较轻）
Hugo | male | -0.3 | Hugo | 雨果（男）
Jacky | male | -10.6 | Jacky | 杰基（男）
Lee | male | 2.8 | Lee | 李（男）
Mario | male | -0.9 | Mario | 马里奥（男）
Michael | male | -2.1 | Michael | 迈克尔（男）
Mike | male | 3.4 | Mike, deep | 迈克（男，低沉）
Nguyen | male | 0.6 | Nguyen, lively | 阮（男，活泼）
Storm | male | -3.8 | Storm, deep | 斯托姆（男，低沉）
antonio | male | -11.8 | Antonio | 安东尼奥（男）
ed | male | -6.3 | Ed | 埃德（男）
gustave | male | -4.6 | Gustave | 居斯塔夫（男）
ian | male | 7 | Ian, large | 伊恩（男，厚重）
marcelo | male | -2.2 | Marcelo, deep | 马塞洛（男，低沉）
michel | male | -0.3 | Michel | 米歇尔（男）
norbert | male | -3.8 | Norbert | 诺伯特（男）
quincy | male | 3.3 | Quincy | 昆西（男）
rob | male | 1.7 | Rob, wide range | 罗布（男，起伏大）
sandro | male | -5.6 | Sandro, breathy | 桑德罗（男，带气声）
victor | male | 5.2 | Victor | 维克托（男）
grandpa | male | -0.3 | Grandpa | 爷爷
shelby | neutral | 0 | Shelby, light | 谢尔比（中性，轻）
zac | neutral | -4.8 | Zac, a child | 扎克（孩子）
croak | male | 0.4 | Croaky old man | 沙哑老人
whisper | male | 1.7 | Whisper, male | 耳语（男）
whisperf | female | -2.6 | Whisper, female | 耳语（女）
"""

# From these a seed draws; their order is part of what a seed means and never changes.
WOMEN = ("f1", "f2", "f3", "f4", "f5", "Annie", "Alicia", "belinda", "linda", "steph", "aunty", "grandma")
MEN = ("m1", "m2", "m3", "m4", "m6", "m7", "m8", "Alex", "Denis", "Gene2", "Mario", "Nguyen", "antonio", "ed", "michel")


class Variant(NamedTuple):
    """What we add to one of eSpeak NG's variants."""

    gender: Gender
    level: float  # dB that make it as loud as the others
    label: Words


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
    timbres = tuple(BuiltinVoice(name, of.label, everywhere, of.gender) for name, of in _variants().items())
    accents = tuple(
        BuiltinVoice(language.tag, language.label, (language.tag,), "male") for language in languages().values()
    )
    return (plain, *timbres, *accents)


@lru_cache(maxsize=1)
def _variants() -> dict[str, Variant]:
    table: dict[str, Variant] = {}
    for line in TABLE.strip().splitlines():
        name, gender, level, english, chinese = (cell.strip() for cell in line.split("|"))
        table[name] = Variant(cast(Gender, gender), float(level), Words(english, chinese))
    return table


def named(name: str) -> Named:
    """The meaning of a builtin voice's name; `NotFound` with the nearest one otherwise."""
    accent, plus, variant = name.rpartition("+")
    if not plus and name.lower() in languages() and name not in _variants():
        accent, plus, variant = name, "+", PLAIN_NAME
    language = languages().get(accent.lower())
    if bool(plus) != (language is not None) or (variant != PLAIN_NAME and variant not in _variants()):
        raise NotFound.among(Words("espeak voice", "espeak 音色"), name, _names(), where="voice.name")
    return Named(variant, language)


def _names() -> list[str]:
    return [voice.name for voice in builtin_voices()]


@lru_cache(maxsize=128)
def timbre_of(variant: str, data: Path) -> Timbre:
    """The timbre of a builtin voice; `data` is eSpeak NG's data folder."""
    if variant == PLAIN_NAME:
        return PLAIN
    return read_variant(data / "voices" / "!v" / variant).with_(level=_variants()[variant].level).settled()


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
