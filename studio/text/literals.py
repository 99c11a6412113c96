"""Values as people write them in a cell or on a command line: `1.2`, `on`, a word."""


def literal(text: str) -> str | int | float | bool:
    """A switch, a number, or the text itself; whoever asked for it checks what it may be."""
    if text.lower() in ("on", "true", "yes", "off", "false", "no"):
        return text.lower() in ("on", "true", "yes")
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
