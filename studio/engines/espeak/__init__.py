"""eSpeak NG, the engine that is always there: every language, no weights, no GPU, a hundred times faster than real time."""

from studio.engines.espeak.engine import Espeak

__all__ = ["Espeak"]
