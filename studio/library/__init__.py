"""The library: what the studio keeps. Voices, styles, takes with their sound, productions.

Its words can be imported without SQLAlchemy (0.3 s), which comes with `Library.open`.
"""

from studio.library.folder import DataFolder, Holder
from studio.library.library import Library
from studio.library.lying import BIN_KINDS, Emptied, Lying
from studio.library.paging import Page
from studio.library.production import NewProduction, Production, ProductionChange
from studio.library.style import NewStyle, Style
from studio.library.take import CacheReport, Cleaned, StoredTake, Take, TakeDetails, TakeFacts, TakeQuery
from studio.library.voice import MEASURES, Facets, Measured, NewVoice, Voice, VoiceChange, VoiceQuery

__all__ = [
    "BIN_KINDS",
    "MEASURES",
    "CacheReport",
    "Cleaned",
    "DataFolder",
    "Emptied",
    "Facets",
    "Holder",
    "Library",
    "Lying",
    "Measured",
    "NewProduction",
    "NewStyle",
    "NewVoice",
    "Page",
    "Production",
    "ProductionChange",
    "StoredTake",
    "Style",
    "Take",
    "TakeDetails",
    "TakeFacts",
    "TakeQuery",
    "Voice",
    "VoiceChange",
    "VoiceQuery",
]
