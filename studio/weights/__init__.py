"""Weights of models: which there are, where they lie on this machine, whether they are whole, how they are fetched."""

from studio.weights.catalogue import CATALOGUE, WeightFile, Weights
from studio.weights.store import Found, WeightStore

__all__ = ["CATALOGUE", "Found", "WeightFile", "WeightStore", "Weights"]
