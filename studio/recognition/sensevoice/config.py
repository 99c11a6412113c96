"""The sizes of a SenseVoice checkpoint, from its `config.yaml`. Read as data: nothing in it is executed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import BadFile

LARGEST = 1 << 20  # bytes of a configuration; the published one has two thousand
CONFIG = "config.yaml"


@dataclass(frozen=True)
class Sizes:
    """Of the features and the encoder."""

    width: int  # output_size
    heads: int
    hidden: int  # of the feed-forward layers
    blocks: int  # the entry block among them
    tp_blocks: int
    kernel: int  # of the memory's convolution over time
    shift: int  # of its window to the left
    mels: int
    stacked: int  # frames of log-mel in one of ours (lfr_m)
    stride: int  # frames of log-mel between two of ours (lfr_n)
    rate: int

    @property
    def features(self) -> int:
        return self.mels * self.stacked


def read_sizes(root: Path) -> Sizes:
    """`BadFile` for a configuration of another model."""
    import yaml

    path = root / CONFIG
    try:
        if path.stat().st_size > LARGEST:
            raise _bad(path, "it is too large", "文件过大")
        plain: Any = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _bad(path, "it cannot be read", "无法读取") from error
    try:
        encoder, frontend = plain["encoder_conf"], plain["frontend_conf"]
        if plain["encoder"] != "SenseVoiceEncoderSmall":
            raise _bad(path, f"it describes {plain['encoder']}", f"它描述的是 {plain['encoder']}")
        sizes = Sizes(
            width=encoder["output_size"],
            heads=encoder["attention_heads"],
            hidden=encoder["linear_units"],
            blocks=encoder["num_blocks"],
            tp_blocks=encoder["tp_blocks"],
            kernel=encoder["kernel_size"],
            shift=encoder.get("sanm_shfit", 0),
            mels=frontend["n_mels"],
            stacked=frontend["lfr_m"],
            stride=frontend["lfr_n"],
            rate=frontend["fs"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise _bad(path, f"{error} is missing", f"缺少 {error}") from error
    counts = [value for name, value in vars(sizes).items() if name != "shift"]
    if not all(isinstance(n, int) and 0 < n < 100_000 for n in counts) or sizes.width % sizes.heads:
        raise _bad(path, "its sizes make no model", "其中的尺寸不成立")
    return sizes


def _bad(path: Path, en: str, zh: str) -> BadFile:
    return BadFile(
        f"{path.name}: not the configuration of a SenseVoiceSmall ({en}); install the model again, or check the folder",
        f"{path.name}：不是 SenseVoiceSmall 的配置（{zh}）；请重新安装模型，或检查所给的文件夹",
        where=str(path),
    )
