"""The studio in the browser: Gradio mounted with everything closed that it leaves open, around one `Studio`."""

import logging
import os
import socket
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import BadRequest, InUse, NotWritable, StudioError
from studio.ui.guard import App, Door, Guard, Login, Receive, Scope, Send, local_path, refuse
from studio.ui.loading import load_gradio
from studio.ui.options import Options

if TYPE_CHECKING:
    from fastapi import FastAPI

    from studio.studio import Studio

log = logging.getLogger("timbre.ui")
UPLOADS = "1mb"  # of Gradio's own upload route; manuscripts have a route of ours
DAY_S = 24 * 3600


@dataclass(frozen=True)
class Beside:
    """Another application on the same server: what it serves, and for whom it needs no login."""

    serves: Callable[[str], bool]  # whether a path is its own
    build: Callable[["Studio", Callable[[Scope], bool]], App]  # the second tells who has logged in on the page
    origins: tuple[str, ...] = ()  # pages elsewhere that may ask it


def build(studio: "Studio", options: Options, beside: Beside | None = None) -> App:
    """The whole application, ready to be served or called by a test."""
    door = Door(options.login) if options.login else None
    app = nothing if options.api_only else page(studio, options, door)
    if beside:
        app = Fork(app, beside.build(studio, lambda scope: bool(door and door.user_of(scope))), beside.serves)
    guarded = Guard(app, (options.host, *options.allow_hosts), beside.origins if beside else ())
    return RootPath(guarded, options.root_path)


def page(studio: "Studio", options: Options, door: Door | None) -> App:
    """The studio in the browser."""
    os.environ["GRADIO_TEMP_DIR"] = str(studio.folder.path / "page")
    load_gradio()
    from fastapi import Depends, FastAPI

    from studio.ui.page import FirstScript, login_page
    from studio.ui.routes import add_routes

    asked = [Depends(admitted(door))] if door else []  # `Login` stands before everything; this holds without it too
    inner = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, dependencies=asked)
    add_routes(inner, studio)
    app: App = mount(inner, studio, options, door)
    if door:
        app = Login(app, door, login_page)
    return FirstScript(app, options.language)


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """In place of the page, where there is none."""
    if scope["type"] != "lifespan":
        await refuse(scope, send, 404, "there is no page here, only the API: /v1/openapi.json")


class Fork:
    """Two applications on one server, told apart by the path."""

    def __init__(self, page: App, other: App, serves: Callable[[str], bool]) -> None:
        self.page, self.other, self.serves = page, other, serves

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.serves(local_path(scope)):
            return await self.other({**scope, "path": local_path(scope), "root_path": ""}, receive, send)
        await self.page(scope, receive, send)


def admitted(door: Door) -> Callable[..., None]:
    """A dependency of our own routes: 401 for who has not logged in."""
    from fastapi import HTTPException, Request

    def check(request: Request) -> None:
        if door.user_of(request.scope) is None:
            raise HTTPException(401)

    return check


def mount(app: "FastAPI", studio: "Studio", options: Options, door: Door | None) -> "FastAPI":
    """Gradio on `app`, each default that opens something closed."""
    import gradio as gr

    from studio.ui.blocks import blocks, words_of_gradio
    from studio.ui.theme import gradio_theme

    demo = blocks(studio, local=options.alone)
    demo.has_launched = True  # a mounted app otherwise skips the check of paths and hands out any file
    demo.queue(max_size=64, default_concurrency_limit=8, api_open=False)
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        demo,
        path="/",
        app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
        root_path=options.root_path or None,
        allowed_paths=[],
        max_file_size=UPLOADS,
        show_error=False,
        run_history=False,
        enable_monitoring=False,
        footer_links=[],
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        auth_dependency=(lambda request: door.user_of(request.scope)) if door else None,
        i18n=words_of_gradio(),
        theme=gradio_theme(),
    )
    return mounted


class RootPath:
    """Serves below a path, whether the proxy in front strips it or not."""

    def __init__(self, app: App, root: str) -> None:
        self.app = app
        self.root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.root and scope["type"] != "lifespan":
            path = scope["path"]
            inside = path == self.root or path.startswith(self.root + "/")
            scope = {**scope, "root_path": self.root, "path": path if inside else self.root + path}
        await self.app(scope, receive, send)


def listen(options: Options) -> socket.socket:
    """The bound socket, taken before anything heavy loads; `InUse` or `NotWritable` says what to do."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":  # elsewhere this would let two servers share the port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((options.host, options.port))
        bound.listen(128)
    except PermissionError as error:
        raise NotWritable(
            f"port {options.port}: this user may not listen there; choose one above 1023: --port 7860",
            f"端口 {options.port}：当前用户无权监听；请选 1023 以上的端口：--port 7860",
            where="port",
        ) from error
    except socket.gaierror as error:
        raise NotWritable(
            f"host “{options.host}”: no such address on this machine; try --host 127.0.0.1",
            f"地址“{options.host}”：本机没有这个地址；可以试试 --host 127.0.0.1",
            where="host",
        ) from error
    except OSError as error:
        bound.close()
        raise busy(options, error) from error
    return bound


def busy(options: Options, error: OSError) -> StudioError:
    """Why the address cannot be taken."""
    import errno

    if error.errno != errno.EADDRINUSE:
        return NotWritable(
            f"{options.host}:{options.port} cannot be listened on ({error.strerror}); try --host 127.0.0.1 --port 7861",
            f"无法监听 {options.host}:{options.port}（{error.strerror}）；可以试试 --host 127.0.0.1 --port 7861",
            where="host",
        )
    return InUse(
        f"port {options.port} is in use by another program, perhaps a studio that is already open at "
        f"{options.address}; open that page, or choose another port: --port {options.port % 65535 + 1}",
        f"端口 {options.port} 已被其他程序占用，也许音色工坊已经在 {options.address} 打开；"
        f"请直接打开那个页面，或换一个端口：--port {options.port % 65535 + 1}",
        where="port",
    )


def serve(options: Options, beside: Beside | None = None) -> None:
    """Serve until Ctrl-C. Raises `StudioError` when it cannot start."""
    from studio.studio import Studio
    from studio.ui.options import terminal_language
    from studio.ui.preferences import cache_limit
    from studio.ui.strings import say

    bound = listen(options)
    with (
        Studio(options.folder, models=options.models, ray=options.ray) as studio,
        studio.folder.claim("server", options.address),
    ):
        studio.cache.limit = cache_limit(studio.folder.path)
        apart(studio.folder.path / "served")
        if beside and not (options.local or options.insecure or studio.keys.any()):
            raise no_key(options)
        app = build(studio, options, beside)
        threading.Thread(target=warm, args=(studio,), name="warm", daemon=True).start()
        ending = threading.Event()
        threading.Thread(target=tidy, args=(studio, ending), name="tidy", daemon=True).start()
        resumed(studio)
        print(say("terminal.ready", terminal_language(), address=options.address), flush=True)
        if wants_browser(options):
            threading.Timer(0.3, webbrowser.open, [options.address]).start()
        run(app, bound)
        ending.set()


def no_key(options: Options) -> BadRequest:
    return BadRequest(
        f"host {options.host}: others can reach the API there, and no key is made; make one"
        " (python -m studio keys add NAME), or say --insecure",
        f"地址 {options.host}：其他机器可以访问 API，但还没有密钥；请先创建"
        "（python -m studio keys add 名称），或使用 --insecure",
        where="host",
    )


def run(app: App, bound: socket.socket) -> None:
    """Uvicorn on a socket that is already bound, quiet, patient with streams for two seconds at the end."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        ws="none",
    )
    uvicorn.Server(config).run(sockets=[bound])


def apart(folder: Path) -> None:
    """Stand in an empty folder: Gradio would hand out what lies below the working directory."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        folder = Path(tempfile.mkdtemp(prefix="timbre-"))
    os.chdir(folder)


def resumed(studio: "Studio") -> None:
    """Go on with what a restart or a crash interrupted."""
    try:
        scripts, dubs = studio.scripts.workshop.resume_all(), studio.dubbing.resume_all()
        batches = studio.batches.resume_all()
        for title in (job.title for jobs in (scripts, dubs, batches) for job in jobs):
            log.info("rendering goes on: %s", title)
    except StudioError as error:  # the studio opens all the same; the page says what is wrong
        log.warning("going on with interrupted productions: %s", error)


def warm(studio: "Studio") -> None:
    """Load what the first click would have to wait for: the normaliser and the first engine."""
    from studio.studio import SpeakRequest

    try:
        studio.plan(SpeakRequest("你好，2 点。Hello, 2 pm."))
    except StudioError as error:
        log.warning("warming up: %s", error)


def tidy(studio: "Studio", ending: threading.Event, first_s: float = 30.0) -> None:
    """What was deleted long ago goes for good: once the first clicks had their turn, and every day from then on."""
    wait = first_s
    while not ending.wait(wait):
        from studio.ui.preferences import bin_days  # not before: a thread that only waits holds nobody up

        wait = DAY_S
        if not (days := bin_days(studio.folder.path)):
            continue
        try:
            gone = studio.bin.empty(days)
            log.info("deleted more than %d days ago, removed: %d, %d bytes", days, gone.count, gone.bytes)
        except StudioError as error:  # tomorrow, then
            log.warning("removing what was deleted long ago: %s", error)


def wants_browser(options: Options) -> bool:
    """As chosen; otherwise only where a person sits in front of this machine."""
    if options.open_browser is not None:
        return options.open_browser
    if os.environ.get("SSH_CONNECTION") or not sys.stdout.isatty():
        return False
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
