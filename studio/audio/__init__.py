"""Sound without models: clips, files, levels, edits, the timeline and the polish. Imports nothing else of ours."""
