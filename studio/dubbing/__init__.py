"""Subtitles in, speech out, every cue where it belongs; and the subtitles of what was spoken."""
