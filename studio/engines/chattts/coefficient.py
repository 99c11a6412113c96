"""The coefficient of a decoder as its weights have it: 100 numbers that shape the spectrum, read without the rest of
the file and without torch, so that the page can show them at once.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.engines.chattts.strings import COEFFICIENTS
from studio.errors import BadFile

KEY = "coef"


def coefficient_of(path: Path) -> NDArray[np.float32]:
    """The coefficient (100,) in a decoder's file. `BadFile` where it cannot be read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            found = file.get_tensor(KEY)
    except (OSError, SafetensorError, TypeError) as error:
        raise _bad(path, str(error)) from error
    if found.size != COEFFICIENTS:
        raise _bad(path, f"{KEY}: {list(found.shape)}")
    return found.reshape(-1).astype(np.float32)


def _bad(path: Path, reason: str) -> BadFile:
    return BadFile(
        f"{path.name}: its coefficient cannot be read ({reason[:200]}); install the model again, or check the folder",
        f"{path.name}：无法读取其中的系数（{reason[:200]}）；请重新安装模型，或检查所给的文件夹",
        where=str(path),
    )
