"""The stage's page: Voila on a free port of this machine, one kernel for each page that is open.

A page that is closed says goodbye, and its kernel ends at once. A browser does not always have the
time to say it: a page that has lost its connection to the kernel and does not beat either is taken
for closed after three seconds. One that only falls silent (a browser that hangs, a network that is
gone) is given up after a minute and a half. The page beats every second, by a worker's timer that
does not depend on anything being drawn. Ending the kernel is enough, since the servers never
outlive it (see lab/keeper.py).
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
import signal
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async, run_sync
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.web import RequestHandler
from tornado.websocket import WebSocketClosedError
from traitlets.config import Config
from voila.app import Voila  # type: ignore[import-untyped]

from reactorkit.errors import KitError
from reactorkit.lab.server import python_path
from reactorkit.lab.workspace import root

HERE = Path(__file__).resolve().parent
FRONT = HERE / "assets"
NOTEBOOK = FRONT / "stage.ipynb"
HOST = "127.0.0.1"
LOOK_EVERY = 1.0  # seconds
# How many looks without a beat make a page dead. A hidden tab without workers beats once a minute.
SILENT, UNCONNECTED = 90, 3
# What draws widgets; whatever else JupyterLab has here would only be slower.
EXTENSIONS = [
    "@voila-dashboards/widgets-manager8",
    "@jupyter-widgets/jupyterlab-manager",
    "anywidget",
]
CLOSED = "A page was closed: its servers have ended."
_KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"


class Watch:
    """Knows which pages are open, and ends the kernels of those that are not."""

    def __init__(self, kernels: Any, say: Callable[[str], None]) -> None:
        self._kernels, self._say = kernels, say
        self._silent: dict[str, int] = {}  # looks since the last beat
        self._connected: set[str] = set()  # those whose page has ever reached its kernel

    def beat(self, kernel_id: str) -> bool:
        """A page says that it is there; returns whether its kernel is, too."""
        if kernel_id not in self._kernels:
            return False
        self._silent[kernel_id] = 0
        return True

    async def gone(self, kernel_id: str, why: str = CLOSED) -> None:
        """End the kernel of a page, and with it everything that the page has started."""
        self._silent.pop(kernel_id, None)
        self._connected.discard(kernel_id)
        if kernel_id in self._kernels:
            self._say(why)
            await ensure_async(self._kernels.shutdown_kernel(kernel_id, now=True))

    async def look(self) -> None:
        """Count the silence of each page. Looks, not hours: a laptop that slept loses nothing."""
        for kernel_id in list(self._kernels.list_kernel_ids()):
            silent = self._silent[kernel_id] = self._silent.get(kernel_id, 0) + 1
            if self._kernels.kernel_model(kernel_id)["connections"]:
                self._connected.add(kernel_id)
            elif silent > UNCONNECTED and kernel_id in self._connected:
                await self.gone(kernel_id)
            if silent > SILENT:
                await self.gone(kernel_id, "A page has fallen silent: its servers have ended.")


class Here(RequestHandler):
    """A page's heartbeat."""

    def initialize(self, watch: Watch) -> None:
        """Take the watch."""
        self.watch = watch

    def post(self, kernel_id: str) -> None:
        """Note the beat; 410 tells the page that its kernel has gone."""
        self.set_status(204 if self.watch.beat(kernel_id) else 410)


class Gone(Here):
    """A page's farewell."""

    async def post(self, kernel_id: str) -> None:  # type: ignore[override]
        """End its kernel."""
        self.set_status(204)
        await self.watch.gone(kernel_id)


class StageApp(Voila):  # type: ignore[misc]
    """Voila with one notebook, on a port that is free, listening to this machine only."""

    stage: Page
    ioloop: IOLoop | None = None

    def listen(self) -> None:
        """Listen, tell that we do, and go on until `end_soon`, Ctrl-C or a signal."""
        sockets = bind_sockets(self.port, HOST)
        server = HTTPServer(self.app)
        server.add_sockets(sockets)
        self.ioloop = IOLoop.current()
        asyncio.get_event_loop().set_exception_handler(_pass_over_closed_pages)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._handle_signal_stop)
        looking = PeriodicCallback(self.stage.watch.look, LOOK_EVERY * 1000)
        looking.start()
        self.stage.opened(sockets[0].getsockname()[1])
        try:
            self.ioloop.start()
        finally:
            looking.stop()
            server.stop()
            self.stop()

    def stop(self) -> None:
        """End every kernel at once, and its servers with it."""
        shutil.rmtree(self.connection_dir, ignore_errors=True)
        run_sync(self.kernel_manager.shutdown_all)(now=True)

    def init_handlers(self) -> list[Any]:
        """Add heartbeat and farewell."""
        watch = self.stage.watch = Watch(self.kernel_manager, self.stage.say)
        return [
            (rf"/stage/{_KERNEL}/here", Here, {"watch": watch}),
            (rf"/stage/{_KERNEL}/gone", Gone, {"watch": watch}),
            *super().init_handlers(),
        ]


class Page:
    """The page, from the command line's point of view.

    Arguments:
        scene: the name of a scene, or of a server for the free stage, or nothing.
        port: where to listen; 0 lets the kernel choose a free one.
        open_browser: whether to open it in the browser.
        say: takes what people should read in the terminal.
    """

    watch: Watch

    def __init__(
        self,
        scene: str = "",
        *,
        port: int = 0,
        open_browser: bool = True,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.scene, self.open_browser = scene, open_browser
        self.say = say or (lambda _: None)
        self.port = port
        self.is_open = threading.Event()
        # Nobody else on this machine gets at the stage: the address holds a secret.
        self.path = f"/?token={secrets.token_urlsafe(12)}"
        self._app: StageApp | None = None

    @property
    def address(self) -> str:
        """Where the page is, once it is open."""
        return f"http://{HOST}:{self.port}{self.path}"

    def run(self) -> None:
        """Serve the page until Ctrl-C, a signal, or `end_soon()`. In the main thread only."""
        _set_environment(self.scene)
        app = self._app = StageApp(
            notebook_path=str(NOTEBOOK),
            config_file_paths=[],  # a stage looks the same for everybody
            port=self.port,
            token=self.path.removeprefix("/?token="),
            open_browser=False,
            log_level=logging.ERROR,
            config=Config(
                {
                    "VoilaConfiguration": {
                        "template": "reactorkit",
                        "show_tracebacks": True,
                        "extension_allowlist": EXTENSIONS,
                    },
                    "KernelManager": {"shutdown_wait_time": 1.0},
                }
            ),
        )
        app.stage = self
        # jupyter_server's own time-outs make tornado warn about itself at every page.
        logging.getLogger("tornado.general").setLevel(logging.ERROR)
        try:
            app.initialize([])
            app.start()
        except OSError as error:
            raise KitError(
                f"The stage cannot listen at port {self.port}: {error.strerror}. "
                "Leave --port out, and a free one is taken."
            ) from error

    def opened(self, port: int) -> None:
        """The page can be asked for: say so, and open the browser."""
        self.port = port
        self.is_open.set()
        self.say(f"The stage is at {self.address}")
        self.say("Ctrl-C here ends it, and every server it has started.")
        if self.open_browser and not webbrowser.open(self.address):
            self.say("No browser could be opened: copy the address into one.")

    def end_soon(self) -> None:
        """Ask it to end, from any thread."""
        if self._app is not None and self._app.ioloop is not None:
            self._app.ioloop.add_callback(self._app.ioloop.stop)


def _pass_over_closed_pages(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say nothing of words that were on their way to a page when it was closed."""
    if not isinstance(context.get("exception"), WebSocketClosedError | StreamClosedError):
        loop.default_exception_handler(context)


def _set_environment(scene: str) -> None:
    """Tell Voila where its template is, and the kernel what to show and where it finds the kit."""
    ours = {
        "JUPYTER_PATH": os.pathsep.join(
            [str(FRONT), *filter(None, [os.environ.get("JUPYTER_PATH")])]
        ),
        # Kernels of this environment come before kernels of the same name in the home folder.
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYTHONPATH": python_path(),
        "REACTORKIT_HOME": str(root()),
        "REACTORKIT_STAGE": scene,
    }
    os.environ.update(ours)
