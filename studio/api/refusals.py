"""What the API answers when it does not do what was asked: one shape for all, that of OpenAI.

{"error": {"message": "…", "type": "invalid_request_error", "param": "voice", "code": "not_found"}}
"""

from collections.abc import Mapping
from typing import Any

from studio.errors import StudioError
from studio.words import Words

STATUS = {
    "bad_request": 400, "bad_control": 400, "bad_text": 400, "bad_file": 400, "not_found": 400, "not_installed": 503,
    "storage": 500, "disk_full": 507, "not_writable": 500, "in_use": 503, "newer_data": 500, "cancelled": 499,
    "engine_failed": 500, "not_permitted": 403,
}  # fmt: skip
TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


class Refused(Exception):
    """An answer that is not the one asked for."""

    def __init__(
        self,
        status: int,
        words: Words,
        *,
        code: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(words.en)
        self.status, self.words, self.code, self.param = status, words, code, param
        self.headers = dict(headers or {})

    def body(self, language: str) -> dict[str, Any]:
        kind = TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        text = self.words.text(language)
        return {"error": {"message": text, "type": kind, "param": self.param, "code": self.code}}


def refused(error: StudioError, names: Mapping[str, str] | None = None) -> Refused:
    """An error of the studio. `names` turns the studio's names of fields into those of the request."""
    where = (names or {}).get(error.where, error.where) or None
    return Refused(STATUS.get(error.code, 500), error.words, code=error.code, param=where)


def bad_field(name: str, en: str, zh: str) -> Refused:
    """400 for a field of the request."""
    return Refused(400, Words(f"{name}: {en}", f"{name}：{zh}"), code="invalid_value", param=name)


def unsupported(name: str, en: str, zh: str) -> Refused:
    """400 for a field that exists and cannot be honoured here; it is never just ignored."""
    return Refused(400, Words(f"{name}: {en}", f"{name}：{zh}"), code="unsupported_parameter", param=name)


def reader_of(headers: Mapping[str, str]) -> str:
    """`zh` or `en`, as the client's `Accept-Language` prefers."""
    first = headers.get("accept-language", "").split(",")[0].strip()
    return "zh" if first.lower().startswith("zh") else "en"
