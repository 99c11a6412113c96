"""eSpeak NG, the engine that is always there: 137 languages and accents, no weights, no GPU, no waiting."""

from studio.engines.espeak.engine import Espeak

__all__ = ["Espeak"]
