"""Who may talk to the server: the names it answers to, requests from other sites, and the login."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import ipaddress
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from studio.ui.strings import say

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SESSION = "timbre-session"
SESSION_SECONDS = 30 * 24 * 3600
WRONG_S = 1.0  # guessing is slow
POLICY = (  # nothing is loaded from elsewhere, whatever a text or a file contains; Gradio compiles its templates
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]


def own_names() -> set[str]:
    """Names under which this machine is usually reached."""
    name = socket.gethostname().lower()
    return {"localhost", name, f"{name}.local"}


def host_of(header: str) -> str:
    """The name in a `Host` header, without port and brackets."""
    header = header.strip().lower()
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.rpartition(":")[0] if header.rpartition(":")[2].isdigit() and ":" in header else header


class Guard:
    """Answers only to known names, and only to pages of ours.

    A web page elsewhere can point its own *name* at 127.0.0.1 (DNS rebinding) or send requests here; an address given
    as a number cannot be rebound, so those are let through.
    """

    def __init__(self, app: App, names: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        """`names` it may be asked under besides; `origins` of pages elsewhere that may ask."""
        self.app = app
        self.names = own_names() | {host_of(n) for n in names}
        self.origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        headers = {k.lower(): v.decode("latin-1") for k, v in scope["headers"]}
        host = headers.get(b"host", "")
        if not self.knows(host_of(host)):
            return await refuse(scope, send, 400, f"host “{host_of(host)}” is not served here (TIMBRE_ALLOW_HOST)")
        if scope.get("method", "WEBSOCKET") not in ("GET", "HEAD", "OPTIONS") and not self.from_here(headers, host):
            return await refuse(scope, send, 403, "a page of another site may not do this")
        await self.app(scope, receive, with_headers(send))

    def knows(self, name: str) -> bool:
        if name in self.names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def from_here(self, headers: dict[bytes, str], host: str) -> bool:
        """No `Origin` (a program), or the one this page came from. A proxy may change the port, not the name."""
        if headers.get(b"origin", "") in self.origins:
            return True
        if headers.get(b"sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        origin = headers.get(b"origin", "")
        return not origin or (urlsplit(origin).hostname or "") == host_of(host)


class Door:
    """One user and password; who has shown them."""

    def __init__(self, login: tuple[str, str]) -> None:
        self.login = login
        self.key = secrets.token_bytes(32)  # a restart asks again

    def right(self, user: str, password: str) -> bool:
        pairs = zip((user, password), self.login, strict=True)
        return all([hmac.compare_digest(a.encode(), b.encode()) for a, b in pairs])  # noqa: C419  # both, always

    def user_of(self, scope: Scope) -> str | None:
        """The user behind a session cookie or a Basic header, or None."""
        headers = {k.lower(): v.decode("latin-1") for k, v in scope["headers"]}
        scheme, _, code = headers.get(b"authorization", "").partition(" ")
        if scheme.lower() == "basic":
            return self.user_of_basic(code)
        cookies = dict(c.strip().partition("=")[::2] for c in headers.get(b"cookie", "").split(";"))
        until, _, mark = cookies.get(SESSION, "").partition(".")
        fits = until.isascii() and until.isdigit() and hmac.compare_digest(mark.encode(), self.sign(until).encode())
        return self.login[0] if fits and int(until) > time.time() else None

    def user_of_basic(self, code: str) -> str | None:
        try:
            user, _, password = base64.b64decode(code, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None
        return user if self.right(user, password) else None

    def sign(self, until: str) -> str:
        return hmac.new(self.key, until.encode(), hashlib.sha256).hexdigest()

    def cookie(self, root: str, secure: bool) -> str:
        """The header that lets this browser in for a month."""
        until = str(int(time.time()) + SESSION_SECONDS)
        value = f"{SESSION}={until}.{self.sign(until)}; Path={root or '/'}; HttpOnly; SameSite=Lax"
        return f"{value}; Max-Age={SESSION_SECONDS}" + ("; Secure" if secure else "")


class Login:
    """The login before everything: a page with a form for people, HTTP Basic for programs."""

    def __init__(self, app: App, door: Door, page: Callable[[str, bool, str], bytes]) -> None:
        self.app = app
        self.door = door
        self.page = page  # (language, wrong, root path) -> HTML

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self.door.user_of(scope):
            return await self.app(scope, receive, send)
        from starlette.requests import Request

        from studio.ui.reader import language_of

        request = Request(scope, receive)
        language, root = language_of(request), scope.get("root_path", "")
        here = local_path(scope)
        if here == "/enter" and scope["method"] == "POST":
            return await self.enter(request, send, language)
        if here == "/" and scope["method"] == "GET":
            return await html(send, 401, self.page(language, False, root))
        await refuse(scope, send, 401, say("login.needed", language))

    async def enter(self, request: Any, send: Send, language: str) -> None:
        """The form was sent: into the studio, or the form again, a second later."""
        form = parse_qs((await small_body(request)).decode("utf-8", "replace"))
        root = request.scope.get("root_path", "")
        if not self.door.right(form.get("user", [""])[0], form.get("password", [""])[0]):
            await asyncio.sleep(WRONG_S)
            return await html(send, 401, self.page(language, True, root))
        cookie = self.door.cookie(root, request.url.scheme == "https")
        headers = [(b"location", f"{root}/".encode()), (b"set-cookie", cookie.encode())]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def local_path(scope: Scope) -> str:
    """The path below the root path."""
    root, path = scope.get("root_path", ""), str(scope["path"])
    return path[len(root) :] or "/" if root and path.startswith(root) else path


async def small_body(request: Any) -> bytes:
    """At most 10 kB of a request; a login form is no longer."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > 10_000:
            return b""
    return body


def with_headers(send: Send) -> Send:
    """`send` that adds our security headers."""

    async def adding(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *HEADERS]}
        await send(message)

    return adding


async def html(send: Send, status: int, page: bytes) -> None:
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": page})


async def refuse(scope: Scope, send: Send, status: int, why: str) -> None:
    """A short refusal in plain text; a web socket is closed."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": why.encode()})
