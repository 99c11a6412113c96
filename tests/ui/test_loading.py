"""Importing Gradio: quicker, and nothing is different afterwards."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_components_work_inspect_is_whole_again_and_nothing_is_written() -> None:
    code = """
import importlib.util, inspect, os
from pathlib import Path
home = Path(importlib.util.find_spec("gradio").submodule_search_locations[0])
before = {p: p.stat().st_mtime_ns for p in home.rglob("*.pyi")}
whole = inspect.getfile
from studio.ui.loading import load_gradio
gradio = load_gradio()
assert inspect.getfile is whole
assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
assert inspect.getfile(gradio.Textbox).endswith("textbox.py")
assert {p: p.stat().st_mtime_ns for p in home.rglob("*.pyi")} == before
with gradio.Blocks() as demo:
    box = gradio.Textbox()
    box.submit(lambda text: text, box, box)
assert len(demo.fns) == 1
assert load_gradio() is gradio
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
