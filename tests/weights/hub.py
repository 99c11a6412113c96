"""A server on this machine with the routes of the Hugging Face hub that fetching a file takes, and its misfortunes."""

import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Hub:
    """What is published, what was asked for, and what is to go wrong."""

    files: dict[str, bytes]
    repo: str = "someone/model"
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # verb, path, range
    break_after: dict[str, int] = field(
        default_factory=dict
    )  # path -> bytes until the connection is cut, again and again
    slow: float = 0.0  # seconds between two pieces
    url: str = ""

    def gets(self, path: str) -> list[str]:
        """The ranges with which a file was asked for."""
        return [where for verb, asked, where in self.asked if verb == "GET" and asked == path]


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, body: bool) -> None:
            start = f"/{hub.repo}/resolve/main/"
            path = self.path.split("?")[0].removeprefix(start)
            where = self.headers.get("Range", "")
            hub.asked.append((self.command, path, where))
            content = hub.files.get(path)
            if not self.path.startswith(start) or content is None:
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            first = int(where.removeprefix("bytes=").split("-")[0]) if where else 0
            part = content[first:]
            self.send_response(206 if where else 200)
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", "0" * 40)
            self.send_header("Accept-Ranges", "bytes")
            if where:
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            if body:
                self.send(path, part)

        def send(self, path: str, part: bytes) -> None:
            limit = hub.break_after.get(path)
            stop = threading.Event()
            for at in range(0, len(part), 1 << 16):
                if limit is not None and at >= limit:
                    self.connection.shutdown(socket.SHUT_RDWR)  # closing alone leaves it open for the files on it
                    return
                try:
                    self.wfile.write(part[at : at + (1 << 16)])
                except OSError:
                    return
                stop.wait(hub.slow)

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
