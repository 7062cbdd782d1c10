"""An open tab of the console, as far as the server can tell: a websocket that asks for runs and reads what comes."""

import asyncio
import time
from types import TracebackType

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

LIMIT_S = 60.0


class Tab:
    """
    One browser tab. While it is open, its fragment looks for changes as the page tells it to.

        async with Tab(console_url, token) as tab:
            seconds = await tab.run("bookings")
    """

    def __init__(self, console_url: str, token: str) -> None:
        self._url, self._token = console_url, token
        self._pages: dict[str, str] = {}
        self._done = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._timer: asyncio.Task[None] | None = None
        self._page = ""
        self.bytes_read = 0

    async def __aenter__(self) -> "Tab":
        self._socket: ClientConnection = await connect(
            self._url.replace("http", "ws", 1) + "/_stcore/stream",
            origin=Origin(self._url),
            subprotocols=[Subprotocol("streamlit")],
            additional_headers={"Cookie": f"spirit_staff={self._token}"},
            max_size=None,
            proxy=None,
        )
        self._tasks.append(asyncio.create_task(self._read()))
        await self.run()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in (*self._tasks, *([self._timer] if self._timer else [])):
            task.cancel()
        await self._socket.close()

    async def run(self, page: str = "") -> float:
        """The page is run by a person. Seconds until all of it was read; "" is the one that opens first."""
        self._done.clear()
        self._page = self._pages[page] if page else ""
        began = time.perf_counter()
        await self._send()
        await asyncio.wait_for(self._done.wait(), LIMIT_S)
        return time.perf_counter() - began

    async def _send(self, fragment: str = "") -> None:
        message = BackMsg()
        message.rerun_script.query_string = ""
        message.rerun_script.page_script_hash = self._page
        if fragment:
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = True
        await self._socket.send(message.SerializeToString())

    async def _read(self) -> None:
        async for received in self._socket:
            assert isinstance(received, bytes)
            self.bytes_read += len(received)
            message = ForwardMsg.FromString(received)
            kind = message.WhichOneof("type")
            if kind == "navigation":
                self._pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
            elif kind == "auto_rerun":
                self._look_every(message.auto_rerun.interval, message.auto_rerun.fragment_id)
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                self._done.set()

    def _look_every(self, interval_s: float, fragment: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.create_task(self._look(interval_s, fragment))

    async def _look(self, interval_s: float, fragment: str) -> None:
        while True:
            await asyncio.sleep(interval_s)
            await self._send(fragment)
