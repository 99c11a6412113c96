"""The collection of voices: drawn, cloned, measured, blended, found, exchanged. Each module is one of these."""
