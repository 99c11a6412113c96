"""SenseVoiceSmall in PyTorch, from the published checkpoint: words, language, emotion and events of a recording."""
