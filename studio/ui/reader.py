"""Which language the reader of a page wants, and how errors reach them in it."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from studio.errors import StudioError
from studio.ui.strings import say

log = logging.getLogger("timbre.ui")
COOKIE = "timbre-language"


def choose_language(forced: str, cookie: str, accepts: str) -> str:
    """`zh` or `en`: by option, else by the remembered choice, else the first known of `Accept-Language`."""
    if forced in ("zh", "en"):
        return forced
    if cookie in ("zh", "en"):
        return cookie
    for tag in by_preference(accepts):
        if tag.startswith(("zh", "en")):
            return tag[:2]
    return "en"


def by_preference(accepts: str) -> list[str]:
    """Language tags of an `Accept-Language` header, lower case, best first; nonsense is skipped."""
    ranked = []
    for place, part in enumerate(accepts[:500].lower().split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        if tag and quality > 0:
            ranked.append((-quality, place, tag))
    return [tag for _, _, tag in sorted(ranked)]


def language_of(request: Any) -> str:
    """The language for a `gr.Request` or a Starlette one. The app's state holds what the server was started with."""
    request = getattr(request, "request", request)
    root = request.scope.get("timbre", {}) if hasattr(request, "scope") else {}
    return choose_language(
        root.get("language", "auto"), request.cookies.get(COOKIE, ""), request.headers.get("accept-language", "")
    )


Answer = dict[str, Any]


def answers(function: Callable[..., Any]) -> Callable[..., Answer]:
    """A function for the page, `(asked, language) -> plain data`, as Gradio calls it: `(asked, request)`.

    The answer is `{"ok": …}`, or `{"error": {"text", "code", "where"}}` in the reader's language. What nobody foresaw
    goes to the log with its trace; the page only hears that it did.
    """
    import gradio as gr

    def run(asked: Any, request: gr.Request) -> Answer:
        language = language_of(request)
        try:
            return {"ok": function(asked if isinstance(asked, Mapping) else {}, language)}
        except StudioError as error:
            return {"error": complaint(error, language)}
        except Exception:
            log.exception("%s failed", function.__name__)
            return {"error": {"text": say("error.unexpected", language), "code": "unexpected", "where": ""}}

    run.__name__ = function.__name__  # not `wraps`: Gradio reads the signature and must see `request`
    return run


def complaint(error: StudioError, language: str) -> dict[str, Any]:
    """An error as the page shows it."""
    return {"text": error.text(language), "code": error.code, "where": error.where}
