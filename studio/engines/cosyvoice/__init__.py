"""CosyVoice 1, 2 and 3: clone a voice from a clip, direct it with an instruction, convert a recording, stream."""
