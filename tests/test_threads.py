"""How long PyTorch's threads wait for more work is told before PyTorch is imported, and by the user where they did."""

import os
import subprocess
import sys

import pytest

ASK = "import studio, os, sys; assert 'torch' not in sys.modules; print(os.environ['GOMP_SPINCOUNT'])"


@pytest.mark.parametrize(("told", "found"), [(None, "30000"), ("7", "7")])
def test_threads_wait_shortly_or_as_told(told: str | None, found: str) -> None:
    around = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    around |= {} if told is None else {"GOMP_SPINCOUNT": told}
    done = subprocess.run([sys.executable, "-c", ASK], env=around, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [found]
