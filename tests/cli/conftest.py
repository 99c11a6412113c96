"""The command line as a person uses it: a real process on a data folder of the test."""

import pytest

from ..warm import Run


@pytest.fixture
def run(timbre: Run) -> Run:
    return timbre
