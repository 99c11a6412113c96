"""Every example of `docs/api.md` is run as it stands, but for the address."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import SENSEVOICE

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
EXAMPLES = [
    (language, code)
    for language, code in re.findall(r"```(sh|python)\n(.*?)```", TEXT, re.DOTALL)
    if "127.0.0.1:7860" in code
]


@pytest.mark.parametrize(("language", "code"), EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_works(url: str, tmp_path: Path, language: str, code: str) -> None:
    shutil.copy(SENSEVOICE / "audio" / "b_cross_1.wav", tmp_path / "talk.wav")
    code = code.replace("http://127.0.0.1:7860", url)
    environment = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    if language == "sh":
        if not (shutil.which("bash") and shutil.which("curl")):
            pytest.skip("no curl here; the Python examples ask the same")
        command = ["bash", "-ec", code.replace("curl ", "curl -sSf ")]
    else:
        command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    if "speech." in code:
        assert next(tmp_path.glob("speech.*")).stat().st_size > 5000
    if "talk.wav" in code:
        assert done.stdout == "The old clock repeats her first song.\n"


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5
    assert "openai" in TEXT
