"""The application: routes, errors in OpenAI's shape, request ids, keys, health, numbers, the OpenAPI document."""

import logging
import secrets
import time
from collections.abc import Callable, MutableMapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException

from studio.api import changing, hearing, productions, shelves, speech
from studio.api.limits import App, Pace, Receive, Scope, Send, Sizes, answer
from studio.api.refusals import Refused, bad_field, reader_of, refused
from studio.api.settings import ApiSettings
from studio.api.state import State
from studio.errors import StudioError
from studio.studio import Studio
from studio.words import Words

PATHS = ("/v1/", "/healthz", "/readyz", "/metrics")
OPEN = ("/healthz", "/readyz")  # asked by machines that have no key
CHECKED_S = 5.0  # for which a key is known without asking the library
log = logging.getLogger(__name__)


def serves(path: str) -> bool:
    """Whether a path belongs to the API."""
    return path.startswith(PATHS)


def build(studio: Studio, settings: ApiSettings, admitted: Callable[[Scope], bool] = lambda scope: False) -> App:
    """The API over `studio`. `admitted` tells requests that need no key, such as those of a logged-in page."""
    state = State(studio, settings)
    app = FastAPI(
        title="Timbre Studio",
        version=__import__("studio").__version__,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.timbre = state
    for part in (speech, hearing, changing, shelves, productions):
        app.include_router(part.router)
    _add_health(app, state)
    _add_errors(app)
    app.openapi = lambda: _document(app, type(app).openapi(app))  # type: ignore[method-assign]
    body, upload = settings.body_mb << 20, settings.upload_mb << 20
    sized: App = Sizes(app, body, upload, settings.patience_s, large={"/v1/productions"})  # whole books as JSON
    opened = Observed(Doors(sized, state, admitted), state)
    if settings.origins:
        return CORSMiddleware(
            opened,
            allow_origins=list(settings.origins),
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "idempotency-key"],
            expose_headers=["x-request-id", "x-recipe"],
        )
    return opened


class Doors:
    """Keys: `Authorization: Bearer ts-…`, where they are asked for; and how often each may ask."""

    def __init__(self, app: App, state: State, admitted: Callable[[Scope], bool]) -> None:
        self.app, self.state, self.admitted = app, state, admitted
        self._pace = Pace(state.settings.per_minute)
        self._known: dict[str, tuple[str, float]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN:
            return await self.app(scope, receive, send)
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        scope.setdefault("state", {})
        try:
            who = await self._who(headers, scope)
            self._pace.step(who)
        except Refused as error:
            return await answer(send, error, reader_of(headers))
        scope["state"]["key"] = who
        await self.app(scope, receive, send)

    async def _who(self, headers: dict[str, str], scope: Scope) -> str:
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        secret = secret.strip() if scheme.lower() == "bearer" else ""
        if not self.state.settings.keys or self.admitted(scope):
            return "local"
        now = time.monotonic()
        if (known := self._known.get(secret)) and known[1] > now:
            return known[0]
        found = await self.state.call(self.state.studio.keys.check, secret) if secret else None
        if found is None:
            self._known.pop(secret, None)
            words = Words(
                "a key is needed: Authorization: Bearer ts-… (python -m studio keys add NAME makes one)",
                "需要密钥：Authorization: Bearer ts-…（用 python -m studio keys add 名称 创建）",
            )
            raise Refused(401, words, code="invalid_api_key", headers={"www-authenticate": "Bearer"})
        if len(self._known) > 1000:
            self._known.clear()
        self._known[secret] = found.id, now + CHECKED_S
        return found.id


class Observed:
    """A name for every request, and its numbers."""

    def __init__(self, app: App, state: State) -> None:
        self.app, self.metrics = app, state.metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        id, began, status = f"req_{secrets.token_hex(8)}", time.monotonic(), 500

        async def named(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", []), (b"x-request-id", id.encode())]}
            await send(message)

        try:
            await self.app(scope, receive, named)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self.metrics.requests.labels(route, str(status)).inc()
            self.metrics.seconds.labels(route).observe(time.monotonic() - began)


def _add_health(app: FastAPI, state: State) -> None:
    @app.get("/healthz", include_in_schema=False)
    def alive() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @app.get("/readyz", include_in_schema=False)
    def ready() -> PlainTextResponse:
        able = any(one.state == "ready" for one in state.studio.engines())
        return PlainTextResponse("ready\n" if able else "no engine is ready\n", 200 if able else 503)

    @app.get("/metrics", include_in_schema=False)
    def numbers() -> PlainTextResponse:
        state.metrics.at_work.set(state.turns.at_work)
        state.metrics.in_queue.set(state.turns.in_queue)
        return PlainTextResponse(state.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _add_errors(app: FastAPI) -> None:
    def shown(request: Request, error: Refused) -> JSONResponse:
        return JSONResponse(error.body(reader_of(request.headers)), error.status, headers=error.headers)

    @app.exception_handler(Refused)
    async def ours(request: Request, error: Refused) -> JSONResponse:
        return shown(request, error)

    @app.exception_handler(StudioError)
    async def studios(request: Request, error: StudioError) -> JSONResponse:
        return shown(request, refused(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path")) or "body"
        en = "no such field here" if first["type"] == "extra_forbidden" else first["msg"]
        zh = "没有这个字段" if first["type"] == "extra_forbidden" else first["msg"]
        return shown(request, bad_field(name, en, zh))

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> JSONResponse:
        words = Words(
            f"{request.method} {request.url.path}: {error.detail}",
            f"{request.method} {request.url.path}：{error.detail}",
        )
        return shown(
            request, Refused(error.status_code, words, code="not_found" if error.status_code == 404 else "refused")
        )


def _document(app: FastAPI, plain: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's description with our errors in place of its own."""
    schemas = plain.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    fields = {name: {"type": ["string", "null"]} for name in ("param", "code")} | {
        name: {"type": "string"} for name in ("message", "type")
    }
    inner = {"type": "object", "properties": fields, "required": ["message", "type"]}
    schemas["Error"] = {"type": "object", "properties": {"error": inner}, "required": ["error"]}
    plain["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    plain["security"] = [{}, {"key": []}]
    said = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    for path in plain["paths"].values():
        for operation in path.values():
            answers = operation["responses"]
            answers.pop("422", None)
            for status, about in ERRORS.items():
                answers.setdefault(status, {"description": about} | said)
    app.openapi_schema = plain
    return plain


ERRORS = {
    "400": "A field is wrong; `param` names it.",
    "401": "A key is needed.",
    "404": "There is no such thing.",
    "405": "Not with this method.",
    "408": "The request came too slowly.",
    "409": "Not in this state.",
    "413": "The request is too large.",
    "429": "Too many requests; see Retry-After.",
    "503": "What is needed is not installed.",
}
