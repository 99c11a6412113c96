"""What the parity tests share: the small checkpoint, loaded once, on one thread as the reference ran."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def exact() -> Iterator[None]:
    """One thread, no gradients: what the reference was run with."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.inference_mode():
        yield
    torch.set_num_threads(threads)
