"""Timbre Studio (音色工坊): a studio for controlling synthetic speech."""

import os

__version__ = "0.1.0"

# PyTorch's threads, when they have nothing to do, wait for more on a core that ONNX Runtime needs next: a tenth as long
# as they would. GNU's OpenMP reads this when PyTorch is imported, which nothing here does sooner.
os.environ.setdefault("GOMP_SPINCOUNT", "30000")
