"""OpenAI's npm package, where Node is installed and the registry answers; its Python package is always asked."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import SENSEVOICE

SCRIPT = Path(__file__).with_name("client.mjs")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("Node is not installed; the Python package asks the same in test_server.py")
    made = tmp_path_factory.mktemp("node")
    (made / "package.json").write_text('{"type": "module"}')
    try:
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "openai@^6"], cwd=made, capture_output=True, timeout=120
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry does not answer; the Python package asks the same in test_server.py")
    if done.returncode:
        pytest.skip("the npm registry does not answer; the Python package asks the same in test_server.py")
    shutil.copy(SCRIPT, made / "client.mjs")
    return made


def test_the_npm_package_gets_all_it_asks_for(url: str, folder: Path) -> None:
    command = ["node", "client.mjs", url, str(SENSEVOICE / "audio" / "b_cross_1.wav")]
    environment = os.environ | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["formats"].keys() == {"mp3", "opus", "aac", "flac", "wav", "pcm"}
    assert min(found["formats"].values()) > 2000
    assert found["streamed"] > 5000
    assert found["events"][-1] == "speech.audio.done"
    assert found["refused"] == "400 voice"
    assert found["text"] == "The old clock repeats her first song."
