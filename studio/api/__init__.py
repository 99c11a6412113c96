"""The API: an OpenAI-compatible speech server over the same `Studio` as the page and the command line."""
