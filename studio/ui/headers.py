"""Headers of what is sent as a file."""

from urllib.parse import quote

KEEP = {"cache-control": "private, no-cache"}


def named(name: str) -> str:
    """A `Content-Disposition` for a download whose name may be in any script (RFC 6266)."""
    plain = name.encode("ascii", "ignore").decode().replace('"', "").strip("-. ") or "audio"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
