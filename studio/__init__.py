"""Timbre Studio (音色工坊): a studio for controlling synthetic speech."""

__version__ = "0.1.0"
