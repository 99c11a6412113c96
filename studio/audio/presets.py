"""Named chains of the polish, for people who would rather choose than set."""

from collections.abc import Mapping
from dataclasses import dataclass

from studio.audio.stages import OFF, Chain, chain_from
from studio.errors import NotFound
from studio.words import Words


@dataclass(frozen=True)
class Preset:
    """A chain with a name."""

    id: str
    label: Words
    about: Words  # when to choose it
    chain: Chain


def _preset(name: str, label: Words, about: Words, stages: Mapping[str, Mapping[str, float]]) -> Preset:
    return Preset(name, label, about, chain_from(stages))


PRESETS: tuple[Preset, ...] = (
    Preset("off", Words("Off", "关闭"), Words("the sound as the engine gave it", "引擎输出的原声"), OFF),
    _preset(
        "clean",
        Words("Clean", "净化"),
        Words("less rumble, noise and hiss; loudness stays", "减少低频杂音、底噪和齿音；响度不变"),
        {"high_pass": {"frequency_hz": 70}, "denoise": {}, "de_ess": {}, "limiter": {}},
    ),
    _preset(
        "podcast",
        Words("Podcast (−16 LUFS)", "播客（−16 LUFS）"),
        Words("even and close, as podcast apps expect it", "均匀、贴近，符合播客平台的响度要求"),
        {
            "high_pass": {},
            "denoise": {},
            "de_ess": {},
            "equaliser": {"low_db": 1, "middle_db": 1.5},
            "compressor": {"threshold_db": -12, "ratio": 3},
            "loudness": {"target_lufs": -16},
            "limiter": {"ceiling_db": -1},
        },
    ),
    _preset(
        "audiobook",
        Words("Audiobook (ACX)", "有声书（ACX）"),
        Words("RMS −20 dB, peaks under −3 dB, as ACX asks for", "RMS −20 dB，峰值低于 −3 dB，符合 ACX 要求"),
        {
            "high_pass": {},
            "denoise": {"reduction_db": 18},
            "de_ess": {},
            "compressor": {"ratio": 2},
            "level": {"target_db": -20},
            "limiter": {"ceiling_db": -3.3},
        },
    ),
    _preset(
        "broadcast",
        Words("Broadcast (−23 LUFS)", "广播（−23 LUFS）"),
        Words("loudness after EBU R 128", "符合 EBU R 128 响度标准"),
        {
            "high_pass": {},
            "de_ess": {},
            "compressor": {"ratio": 2},
            "loudness": {"target_lufs": -23},
            "limiter": {"ceiling_db": -1},
        },
    ),
    _preset(
        "phone",
        Words("Telephone", "电话"),
        Words("the narrow band of a telephone line", "电话线路的窄频音色"),
        {
            "high_pass": {"frequency_hz": 300},
            "low_pass": {"frequency_hz": 3400},
            "compressor": {"threshold_db": -16, "ratio": 5},
            "loudness": {"target_lufs": -18},
            "limiter": {"ceiling_db": -1},
        },
    ),
    _preset(
        "warm",
        Words("Warm", "温暖"),
        Words("fuller and softer, for stories at night", "更饱满柔和，适合睡前故事"),
        {
            "high_pass": {"frequency_hz": 60},
            "de_ess": {"reduction_db": 10},
            "equaliser": {"low_db": 3, "low_hz": 200, "high_db": -3, "high_hz": 6000},
            "compressor": {"ratio": 2},
            "loudness": {"target_lufs": -19},
            "limiter": {"ceiling_db": -1.5},
        },
    ),
)


def preset(name: str) -> Chain:
    """The chain of the preset called `name`; `NotFound` lists the presets otherwise."""
    for known in PRESETS:
        if known.id == name:
            return known.chain
    raise NotFound.among(Words("polish preset", "润色预设"), name, [p.id for p in PRESETS], where="polish")
