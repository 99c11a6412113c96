"""Importing Gradio in half the time.

At every import Gradio parses the source of each of its components, twice, and renders a stub file for type checkers
beside it: half of its three seconds, and writing into the installation. It skips classes whose file cannot be told, as
it must for classes made at run time; so for the time of the import, its classes are such.
"""

import inspect
import os
import sys
import threading
from types import ModuleType
from typing import Any

_once = threading.Lock()


def load_gradio() -> ModuleType:
    """The module `gradio`, without telemetry, look-ups and stub files."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    with _once:
        if "gradio" not in sys.modules:
            whole = inspect.getfile

            def without_gradio(thing: Any) -> str:
                if isinstance(thing, type) and thing.__module__.startswith("gradio."):
                    raise OSError("not now")
                return whole(thing)

            inspect.getfile = without_gradio  # type: ignore[assignment]
            try:
                import gradio  # noqa: F401
            finally:
                inspect.getfile = whole
    return sys.modules["gradio"]
