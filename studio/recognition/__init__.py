"""Recognisers: what listens. The contract, the registry, long audio, and SenseVoice."""
