"""Engines and recognisers from where they are named: made with the store of models, their failures turned into
sentences. Open to every room, like `errors`.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from inspect import signature
from typing import Any

from studio.errors import EngineFailed, StudioError

log = logging.getLogger(__name__)


def named(where: str) -> Callable[..., Any]:
    """What `module:class` names, imported when it is made."""

    def make(weights: Any, derived: Any = None) -> Any:
        module, _, name = where.partition(":")
        return made(getattr(import_module(module), name), weights, derived)

    return make


def announced(point: Any) -> Callable[..., Any]:
    """What an entry point names, imported when it is made."""
    return lambda weights, derived=None: made(point.load(), weights, derived)


def made(factory: Any, weights: Any, derived: Any = None) -> Any:
    """What a class or function makes; one with a parameter `weights` gets the store of models, one with `derived` the
    place for what is computed from clips."""
    takes = signature(factory).parameters if callable(factory) else {}
    offers = {"weights": weights, "derived": derived}
    return factory(**{name: offer for name, offer in offers.items() if name in takes})


@contextmanager
def translated(id: str) -> Iterator[None]:
    """What is not a `StudioError` leaves as `EngineFailed`, the cause chained."""
    try:
        yield
    except (StudioError, GeneratorExit):
        raise
    except Exception as error:  # its own code, possibly a third party's
        log.warning("%s failed", id, exc_info=True)
        raise EngineFailed(
            f"{id} failed ({type(error).__name__}: {error}); try again, and report it to its maker if it stays",
            f"{id} 出错（{type(error).__name__}：{error}）；请重试，若仍出错请告知其作者",
        ) from error
