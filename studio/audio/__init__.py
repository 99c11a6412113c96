"""Sound, without knowing what speaks: clips, files, levels, effects. Imports no other room of the studio."""
