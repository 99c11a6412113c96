"""What the parity tests share: the small checkpoint, loaded once, on one thread as the reference ran."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def exact() -> Iterator[None]:
    """One thread, no gradients: what the reference was run with."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.inference_mode():
        yield
    torch.set_num_threads(threads)
