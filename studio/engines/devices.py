"""Where a model computes: what was asked for, or the best that this machine has."""


def chosen(asked: str) -> str:
    """`cpu`, `cuda` or `mps`; `auto` is the quickest there is."""
    if asked != "auto":
        return asked
    from importlib.util import find_spec

    return "cpu" if find_spec("torch") is None else _best()


def _best() -> str:
    """CUDA or MPS where there is one. Looked for without torch where that is enough: its import takes seconds."""
    import sys
    from pathlib import Path

    if sys.platform == "linux" and not Path("/dev/nvidiactl").exists() and not Path("/dev/kfd").exists():
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
