"""What keeps the server upright: turns with a bounded queue, requests per minute, sizes, patience with slow senders."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from studio.api.refusals import Refused, reader_of
from studio.words import Words

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
DRAINED, DRAINED_S = 256 << 20, 2.0  # bytes and seconds of a refused body that are read and thrown away
RETRY_S = 2  # what a client that is turned away is told to wait


class Turns:
    """So many requests at work, so many waiting, first come first served; the next is refused with 429."""

    def __init__(self, running: int, waiting: int) -> None:
        self._running, self._waiting = running, waiting
        self._free = asyncio.Semaphore(running)
        self.at_work = 0
        self.in_queue = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        await self.take()
        try:
            yield
        finally:
            self.give()

    async def take(self) -> None:
        """Wait for a turn. Who has it must `give` it back."""
        if self.in_queue >= self._waiting and self._free.locked():
            raise too_many(
                Words(
                    f"{self._running} requests are at work and {self._waiting} wait; try again in {RETRY_S} s",
                    f"已有 {self._running} 个请求在处理、{self._waiting} 个在排队；请 {RETRY_S} 秒后重试",
                ),
                "queue_full",
                RETRY_S,
            )
        self.in_queue += 1
        try:
            await self._free.acquire()
        finally:
            self.in_queue -= 1
        self.at_work += 1

    def give(self) -> None:
        self.at_work -= 1
        self._free.release()


class Pace:
    """So many requests of one key in any minute."""

    def __init__(self, per_minute: int) -> None:
        self._most = per_minute
        self._seen: dict[str, deque[float]] = {}

    def step(self, who: str) -> None:
        """Count one; `Refused` past the limit."""
        if not self._most:
            return
        now, seen = time.monotonic(), self._seen.setdefault(who, deque())
        while seen and seen[0] < now - 60:
            seen.popleft()
        if len(seen) >= self._most:
            wait = max(1, round(60 - (now - seen[0])))
            words = Words(
                f"{self._most} requests a minute are allowed; try again in {wait} s",
                f"每分钟最多 {self._most} 个请求；请 {wait} 秒后重试",
            )
            raise too_many(words, "rate_limit_exceeded", wait)
        seen.append(now)


def too_many(words: Words, code: str, wait_s: int) -> Refused:
    return Refused(429, words, code=code, headers={"retry-after": str(wait_s)})


class Sizes:
    """ASGI wrapper that ends a request whose body is too large or comes too slowly."""

    def __init__(self, app: App, body: int, upload: int, patience_s: float, large: Collection[str] = ()) -> None:
        """`upload` bytes are for forms and for the paths in `large`."""
        self.app, self.body, self.upload, self.patience_s, self.large = app, body, upload, patience_s, large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        large = headers.get("content-type", "").startswith("multipart/") or scope["path"] in self.large
        most = self.upload if large else self.body
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length) > most:
            await drained(receive)
            return await answer(send, _too_large(most), reader_of(headers))
        read, done, started, problem = 0, False, False, None

        async def counted() -> MutableMapping[str, Any]:
            nonlocal read, done, problem
            if done:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), self.patience_s)
            except TimeoutError:
                problem = _too_slow(self.patience_s)
                raise problem from None
            read += len(message.get("body", b""))
            done = message["type"] != "http.request" or not message.get("more_body", False)
            if read > most:
                problem = _too_large(most)
                raise problem
            return message

        async def noted(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            if problem is None:  # else whoever reads bodies has made something of its own of it
                started = started or message["type"] == "http.response.start"
                await send(message)

        try:
            await self.app(scope, counted, noted)
        except Refused:
            if started:
                raise
        if problem is not None and not started:
            await drained(receive)
            await answer(send, problem, reader_of(headers))


async def drained(receive: Receive) -> None:
    """Let a client finish sending, within reason: one that still sends does not hear why it was refused."""
    left, until = DRAINED, asyncio.get_running_loop().time() + DRAINED_S
    while left > 0 and (patience := until - asyncio.get_running_loop().time()) > 0:
        try:
            message = await asyncio.wait_for(receive(), patience)
        except TimeoutError:
            return
        left -= len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return


async def answer(send: Send, error: Refused, language: str) -> None:
    """A refusal as a whole answer; the connection is not used again, for its body was not read."""
    import json

    body = json.dumps(error.body(language), ensure_ascii=False).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    raw = [(k.encode(), v.encode()) for k, v in (headers | error.headers).items()]
    await send({"type": "http.response.start", "status": error.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _too_large(most: int) -> Refused:
    size = f"{most / (1 << 20):g} MB"
    words = Words(f"the request is larger than {size}; send less at a time", f"请求超过 {size}；请减小后重试")
    return Refused(413, words, code="request_too_large")


def _too_slow(patience_s: float) -> Refused:
    words = Words(
        f"nothing of the request came for {patience_s:g} s; send it again",
        f"{patience_s:g} 秒内未收到请求内容；请重新发送",
    )
    return Refused(408, words, code="request_timeout")
