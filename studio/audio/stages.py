"""The stages of the polish and their settings, declared once; interface and checks are built from this."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from studio.errors import BadControl, NotFound
from studio.words import Words


@dataclass(frozen=True)
class Setting:
    """One number that a stage takes."""

    name: str
    label: Words
    default: float
    low: float
    high: float
    unit: str

    def check(self, value: Any, stage: str) -> float:
        """`value` as a number in range, or `BadControl` with the range in its text."""
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if number and math.isfinite(value) and self.low <= value <= self.high:
            return float(value)
        span = f"{self.low:g}", f"{self.high:g} {self.unit}".rstrip()
        raise BadControl(
            f"{stage}.{self.name} {value}: takes {span[0]} to {span[1]}",
            f"{self.label.zh} {stage}.{self.name} {value}：应为 {span[0]} 到 {span[1]}",
            where=f"polish.{stage}.{self.name}",
            low=self.low,
            high=self.high,
        )


@dataclass(frozen=True)
class Stage:
    """One step of the chain that can be switched on by itself."""

    id: str
    label: Words
    help: Words  # what one hears of it
    settings: tuple[Setting, ...]


def _hz(name: str, en: str, zh: str, default: float, low: float, high: float) -> Setting:
    return Setting(name, Words(en, zh), default, low, high, "Hz")


def _db(name: str, en: str, zh: str, default: float, low: float, high: float, unit: str = "dB") -> Setting:
    return Setting(name, Words(en, zh), default, low, high, unit)


STAGES: tuple[Stage, ...] = (
    Stage(
        "high_pass",
        Words("High-pass", "低切"),
        Words("takes out rumble and bumps under the voice", "去掉人声以下的隆隆声和碰撞声"),
        (_hz("frequency_hz", "below", "截止频率", 80, 20, 500),),
    ),
    Stage(
        "low_pass",
        Words("Low-pass", "高切"),
        Words("takes out everything above, as a telephone does", "去掉高频，像电话里那样"),
        (_hz("frequency_hz", "above", "截止频率", 12000, 1000, 20000),),
    ),
    Stage(
        "denoise",
        Words("Noise reduction", "降噪"),
        Words("takes out steady noise, learnt from the pauses", "以停顿处的底噪为样本，去掉持续的噪声"),
        (_db("reduction_db", "at most", "最大降噪量", 12, 1, 30),),
    ),
    Stage(
        "de_ess",
        Words("De-esser", "去齿音"),
        Words("softens sharp s and sh", "让刺耳的 s、sh 等齿音变柔和"),
        (
            _hz("frequency_hz", "from", "起始频率", 5500, 3000, 9000),
            _db("threshold_db", "where it exceeds the voice by", "阈值（相对人声）", -12, -30, 6),
            _db("reduction_db", "at most", "最大衰减", 8, 0, 24),
        ),
    ),
    Stage(
        "equaliser",
        Words("Equaliser", "均衡"),
        Words("makes the voice warmer, clearer or brighter", "让声音更温暖、更清晰或更明亮"),
        (
            _db("low_db", "warmth", "低频", 0, -12, 12),
            _hz("low_hz", "warmth below", "低频频率", 150, 40, 500),
            _db("middle_db", "presence", "中频", 0, -12, 12),
            _hz("middle_hz", "presence around", "中频频率", 3000, 300, 6000),
            _db("high_db", "brilliance", "高频", 0, -12, 12),
            _hz("high_hz", "brilliance above", "高频频率", 7000, 3000, 12000),
        ),
    ),
    Stage(
        "compressor",
        Words("Compressor", "压缩"),
        Words("brings loud and soft words closer together", "缩小响亮与轻柔之间的差距"),
        (
            _db("threshold_db", "from below the voice's level", "阈值（相对人声电平）", -10, -40, 6),
            Setting("ratio", Words("ratio", "压缩比"), 2.5, 1, 20, ""),
            Setting("attack_ms", Words("attack", "启动时间"), 4, 1, 200, "ms"),
            Setting("release_ms", Words("release", "恢复时间"), 150, 10, 2000, "ms"),
        ),
    ),
    Stage(
        "loudness",
        Words("Loudness", "响度"),
        Words("brings the whole to a loudness (ITU-R BS.1770)", "把整段调到指定响度（ITU-R BS.1770）"),
        (_db("target_lufs", "target", "目标", -16, -36, -8, "LUFS"),),
    ),
    Stage(
        "level",
        Words("RMS level", "均方根电平"),
        Words(
            "brings the whole to an RMS level, as audiobook shops ask for", "把整段调到指定的 RMS 电平，有声书平台常用"
        ),
        (_db("target_db", "target", "目标", -20, -40, -10, "dBFS"),),
    ),
    Stage(
        "limiter",
        Words("Limiter", "限幅"),
        Words("keeps peaks under a ceiling, also between samples", "把峰值（含采样点之间的真峰值）压在上限以下"),
        (_db("ceiling_db", "ceiling", "上限", -1, -20, 0, "dBTP"),),
    ),
)
_BY_ID = {stage.id: stage for stage in STAGES}
MEASURED = {"denoise", "loudness", "level"}  # stages that have to know the whole sound before they begin


@dataclass(frozen=True)
class Chain:
    """Which stages run, each with all of its settings. Made by `chain_from`."""

    stages: tuple[tuple[str, Mapping[str, float]], ...] = ()

    @property
    def needs_measure(self) -> bool:
        """Whether the whole sound has to be measured before any of it comes out."""
        return any(stage in MEASURED for stage, _ in self.stages)

    def get(self, stage: str) -> Mapping[str, float] | None:
        """The settings of a stage; None when it is off."""
        return dict(self.stages).get(stage)

    def without(self, stage: str) -> "Chain":
        """The same chain with that stage off."""
        return Chain(tuple(pair for pair in self.stages if pair[0] != stage))

    def to_json(self) -> dict[str, dict[str, float]]:
        return {stage: dict(settings) for stage, settings in self.stages}

    def __bool__(self) -> bool:
        return bool(self.stages)


OFF = Chain()


def chain_from(plain: Mapping[str, Mapping[str, Any]]) -> Chain:
    """A chain from plain data: `{"high_pass": {}, "loudness": {"target_lufs": -16}}`; defaults are filled in.

    Raises `NotFound` for an unknown stage, `BadControl` for an unknown setting, one out of range, or two targets.
    """
    for name in plain:
        if name not in _BY_ID:
            raise NotFound.among(Words("polish stage", "润色步骤"), name, list(_BY_ID), where=f"polish.{name}")
    if "loudness" in plain and "level" in plain:
        raise BadControl(
            "loudness and level: only one of the two can set how loud it is; switch one off",
            "loudness 和 level：两者只能启用一个；请关闭其中之一",
            where="polish",
        )
    return Chain(tuple((stage.id, _settled(stage, plain[stage.id])) for stage in STAGES if stage.id in plain))


def _settled(stage: Stage, given: Mapping[str, Any]) -> Mapping[str, float]:
    known = {setting.name: setting for setting in stage.settings}
    for name in given:
        if name not in known:
            raise BadControl(
                f"{stage.id}.{name}: {stage.id} has no such setting; it has {', '.join(known)}",
                f"{stage.id}.{name}：{stage.label.zh}没有这个设置；它有 {'、'.join(known)}",
                where=f"polish.{stage.id}.{name}",
            )
    return MappingProxyType(
        {name: setting.check(given.get(name, setting.default), stage.id) for name, setting in known.items()}
    )
