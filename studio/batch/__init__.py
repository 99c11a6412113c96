"""Many files in one run: what to do with each, whether it can be done, how far it is, what came of it."""
