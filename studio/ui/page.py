"""The HTML around Gradio's page: our first script, styles and modules go into its head; and the login page."""

import hashlib
import html as markup
import json
from functools import cache
from pathlib import Path
from typing import Any

from studio.ui import theme
from studio.ui.guard import App, Receive, Scope, Send, local_path
from studio.ui.reader import COOKIE, language_of
from studio.ui.strings import catalogue, say

STATIC = Path(__file__).parent / "static"
ASSETS = Path(__file__).parents[2] / "assets"

FIRST = """
const T = window.TIMBRE = %s;
for (const [k, v] of [["language", T.locale], ["languages", [T.locale]]])
  Object.defineProperty(navigator, k, {get: () => v, configurable: true});
document.documentElement.lang = T.locale;
const dark = matchMedia("(prefers-color-scheme: dark)");
T.paint = () => {
  const chosen = localStorage.getItem("timbre-theme") || "auto";
  document.documentElement.dataset.theme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
};
T.paint();
dark.addEventListener("change", T.paint);
document.documentElement.dataset.page = (location.hash.match(/^#\\/(\\w+)/) || [0, "speak"])[1];
"""


@cache
def edition() -> str:
    """A name for the present state of our static files, so that browsers keep them as long as they are valid."""
    files = sorted([*STATIC.rglob("*.*"), *ASSETS.glob("*.css"), *ASSETS.glob("*.svg")])
    whole = hashlib.sha256(b"".join(f.read_bytes() for f in files) + theme.css_variables().encode())
    return whole.hexdigest()[:12]


def head_for(language: str, root: str, forced: bool) -> bytes:
    """What goes first into `<head>`."""
    told = {
        "language": language,
        "locale": "zh-CN" if language == "zh" else "en",
        "forced": forced,
        "root": root,
        "cookie": COOKIE,
        "words": catalogue(language),
    }
    plain = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")
    where = f"{root}/ui/{edition()}"
    styles = "".join(f'<link rel="stylesheet" href="{where}/{name}.css">' for name in ("palette", "studio", "pages"))
    return (
        f"<head><script>(()=>{{{FIRST % plain}}})()</script>"
        f'<link rel="icon" type="image/svg+xml" href="{where}/icon.svg">'
        f"{styles}"
        f'<script type="module" src="{where}/studio.js"></script>'
    ).encode()


class FirstScript:
    """ASGI wrapper that rewrites the one HTML page; event streams and everything else pass untouched."""

    def __init__(self, app: App, language: str) -> None:
        self.app = app
        self.forced = language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["timbre"] = {"language": self.forced}
        if scope["type"] != "http" or scope["method"] != "GET" or local_path(scope) != "/":
            return await self.app(scope, receive, send)
        from starlette.requests import Request

        language = language_of(Request(scope))
        head = head_for(language, scope.get("root_path", ""), self.forced != "auto")
        plain = [(k, v) for k, v in scope["headers"] if k != b"accept-encoding"]
        start: Any = None
        body = b""

        async def hold(message: Any) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                page = body.replace(b"<head>", head, 1)
                kept = [(k, v) for k, v in start["headers"] if k.lower() not in (b"content-length", b"cache-control")]
                length = (b"content-length", str(len(page)).encode())
                await send(start | {"headers": [*kept, length, (b"cache-control", b"no-store")]})
                await send({"type": "http.response.body", "body": page})

        await self.app({**scope, "headers": plain}, receive, hold)


def login_page(language: str, wrong: bool, root: str) -> bytes:
    """The page with the login form, in the reader's language."""

    def word(key: str) -> str:
        return markup.escape(say(key, language))

    style = theme.css_variables() + (ASSETS / "login.css").read_text(encoding="utf-8")
    note = f'<p role="alert">{word("login.wrong")}</p>' if wrong else ""
    locale = "zh-CN" if language == "zh" else "en"
    script = (
        'const c=localStorage.getItem("timbre-theme")||"auto";document.documentElement.dataset.theme='
        'c==="auto"?(matchMedia("(prefers-color-scheme: dark)").matches?"dark":"light"):c'
    )
    return (
        f'<!doctype html><html lang="{locale}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{word("app.name")}</title>'
        f"<script>{script}</script><style>{style}</style>"
        f'<form method="post" action="{root}/enter"><h1>{word("app.name")}</h1>{note}'
        f'<label>{word("login.user")}<input name="user" autocomplete="username" autofocus required></label>'
        f'<label>{word("login.password")}<input name="password" type="password" '
        f'autocomplete="current-password" required></label>'
        f"<button>{word('login.enter')}</button></form></html>"
    ).encode()
