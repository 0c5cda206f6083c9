"""A real headless Chromium, spoken to by the DevTools protocol: what a customer's browser does, a test sees.

Nothing is downloaded: the browser is the machine's own, `HOLDFAST_CHROMIUM` or the first of `NAMES` that is installed.
"""

import asyncio
import base64
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSING = (
    "no Chromium: install one (Debian `apt install chromium`, macOS `brew install --cask chromium`), "
    "or name its binary in HOLDFAST_CHROMIUM"
)
_START_SECONDS = 30
_SECONDS = 15.0
"""How long anything may take: a loaded machine, not a slow page."""
_FLAGS = """--headless=new --remote-debugging-port=0 --no-first-run --no-default-browser-check --no-sandbox
--no-proxy-server --disable-gpu --disable-dev-shm-usage --disable-background-networking --disable-component-update
--disable-sync --disable-extensions --hide-scrollbars --mute-audio --force-color-profile=srgb""".split()
_KEYS = {  # name: (code, virtual key, text)
    "Enter": ("Enter", 13, "\r"),
    "Escape": ("Escape", 27, ""),
    "Tab": ("Tab", 9, ""),
    "Space": ("Space", 32, " "),
    "ArrowDown": ("ArrowDown", 40, ""),
    "ArrowUp": ("ArrowUp", 38, ""),
}
_SHIFT = 8


def installed() -> str | None:
    """The Chromium to test with, if there is one."""
    named = os.environ.get("HOLDFAST_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


class Chromium:
    """One browser process, for many tests. `url` is where it listens."""

    def __init__(self, binary: str) -> None:
        self._folder = tempfile.mkdtemp(prefix="holdfast-chromium-")
        self._process = subprocess.Popen(
            [binary, *_FLAGS, f"--user-data-dir={self._folder}", "about:blank"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.url = self._listening()

    def _listening(self) -> str:
        assert self._process.stderr is not None
        said = b""
        for line in self._process.stderr:
            said += line
            if line.startswith(b"DevTools listening on "):
                # What it says later nobody reads, and a full pipe would stop it.
                self._drain = subprocess.Popen(["cat"], stdin=self._process.stderr, stdout=subprocess.DEVNULL)
                return line.split()[-1].decode()
        raise RuntimeError(f"Chromium did not start:\n{said.decode(errors='replace')[-2000:]}")

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # the group of its own that it was started in
        self._process.wait()
        self._drain.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()
        shutil.rmtree(self._folder, ignore_errors=True)


class Browser:
    """A profile of its own in a running Chromium: cookies and storage are of this test only."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._count = 0
        self._pages: dict[str, Page] = {}
        self.context = ""

    async def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """One DevTools command; what it answers. RuntimeError when it is refused."""
        self._count += 1
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[self._count] = answer
        message: dict[str, Any] = {"id": self._count, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        await self._socket.send(orjson.dumps(message).decode())
        async with asyncio.timeout(_SECONDS):
            return await answer

    async def listen(self) -> None:
        """Hand answers and events to whom they are for, until the line is closed."""
        async for frame in self._socket:
            said = orjson.loads(frame)
            if (answer := self._answers.pop(said.get("id", 0), None)) is not None:
                if answer.done():
                    continue
                if "error" in said:
                    answer.set_exception(RuntimeError(said["error"]["message"]))
                else:
                    answer.set_result(said["result"])
            elif page := self._pages.get(said.get("sessionId", "")):
                page.hear(said["method"], said["params"])

    async def page(self, url: str = "", *, before: str = "", width: int = 1_000, height: int = 800) -> "Page":
        """A new tab, at `url` if that is given; `before` is JavaScript that runs before any of a document's own."""
        target = (await self.call("Target.createTarget", url="about:blank", browserContextId=self.context))["targetId"]
        session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        page = self._pages[session] = Page(self, target, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            await page.call(f"{domain}.enable")
        await page.resize(width, height)
        if before:
            await page.call("Page.addScriptToEvaluateOnNewDocument", source=before)
        if url:
            await page.go(url)
        return page


class Page:
    """A tab. `troubles` are the errors that it told of, `said` what it wrote to the console, `requests` the (method, URL) that it asked for."""

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        self._browser, self._target, self._session = browser, target, session
        self._loaded = asyncio.Event()
        self.troubles: list[str] = []
        self.said: list[str] = []
        self.requests: list[tuple[str, str]] = []

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        return await self._browser.call(method, self._session, **params)

    def hear(self, event: str, params: dict[str, Any]) -> None:
        match event:
            case "Page.loadEventFired":
                self._loaded.set()
            case "Network.requestWillBeSent":
                self.requests.append((params["request"]["method"], params["request"]["url"]))
            case "Network.responseReceived" if params["response"]["status"] >= 400:
                self.troubles.append(f"{params['response']['status']} {params['response']['url']}")
            case "Runtime.consoleAPICalled":
                self.said.append(" ".join(str(one.get("value", one.get("description"))) for one in params["args"]))
            case "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                self.troubles.append(details.get("exception", {}).get("description", details["text"]))
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.troubles.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    async def go(self, url: str) -> None:
        """Open `url` and wait until it is loaded."""
        self._loaded.clear()
        answer = await self.call("Page.navigate", url=url)
        assert "errorText" not in answer, f"{url}: {answer['errorText']}"
        async with asyncio.timeout(_SECONDS):
            await self._loaded.wait()

    async def do(self, script: str) -> Any:
        """What a JavaScript expression, or the promise that it makes, comes to."""
        answer = await self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    async def until(self, script: str, seconds: float = _SECONDS) -> Any:
        """What the expression comes to, once that is true. AssertionError when it does not become so."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not (found := await self.do(f"(found => found instanceof Node || found)({script})")):
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"never became true: {script}; the page told of {self.troubles + self.said}")
            await asyncio.sleep(0.02)
        return found

    async def press(self, *keys: str) -> None:
        """Press keys one after the other: a character, a name such as Enter, or Shift+Tab."""
        for key in keys:
            name, shift = key.removeprefix("Shift+"), _SHIFT if key.startswith("Shift+") else 0
            code, number, text = _KEYS.get(name) or (f"Key{name.upper()}", ord(name.upper()), name)
            about = {"key": " " if name == "Space" else name, "code": code, "modifiers": shift}
            about["windowsVirtualKeyCode"] = number
            await self.call("Input.dispatchKeyEvent", type="keyDown", **about, **({"text": text} if text else {}))
            await self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    async def write(self, text: str) -> None:
        """Type into what has the focus."""
        await self.call("Input.insertText", text=text)

    async def click(self, element: str, times: int = 1) -> None:
        """Click with the mouse in the middle of what the expression finds; twice is a double click."""
        x, y = await self._middle(element)
        for count in range(1, times + 1):
            for type in ("mousePressed", "mouseReleased"):
                await self.call("Input.dispatchMouseEvent", type=type, x=x, y=y, button="left", clickCount=count)

    async def tap(self, element: str) -> None:
        """Touch the middle of what the expression finds."""
        x, y = await self._middle(element)
        await self.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        await self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    async def _middle(self, element: str) -> tuple[float, float]:
        script = "(e => { e.scrollIntoView({block: 'nearest'}); const r = e.getBoundingClientRect();"
        script += " return [r.x + r.width / 2, r.y + r.height / 2] })"
        x, y = await self.do(f"{script}({element})")
        return x, y

    async def offline(self, is_offline: bool) -> None:
        """Cut the page off from the network, or connect it again."""
        await self.call(
            "Network.emulateNetworkConditions",
            offline=is_offline,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )

    async def prefer(self, **features: str) -> None:
        """Media features, such as prefers_color_scheme="dark"."""
        media = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        await self.call("Emulation.setEmulatedMedia", features=media)

    async def resize(self, width: int, height: int, *, is_phone: bool = False) -> None:
        """The size of the window, in CSS pixels; a phone has touch and sharper pixels."""
        scale = 2 if is_phone else 1
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=is_phone
        )
        await self.call("Emulation.setTouchEmulationEnabled", enabled=is_phone)

    async def spoken(self) -> list[tuple[str, str]]:
        """(role, name) of everything that a screen reader finds, in its order."""
        nodes = (await self.call("Accessibility.getFullAXTree"))["nodes"]
        found = [(node.get("role", {}).get("value", ""), node.get("name", {}).get("value", "")) for node in nodes]
        return [one for one, node in zip(found, nodes, strict=True) if not node.get("ignored")]

    async def picture(self) -> bytes:
        """What is seen, as a PNG."""
        return base64.b64decode((await self.call("Page.captureScreenshot"))["data"])

    async def close(self) -> None:
        """Close the tab as its user does: the page is told, and has no time left."""
        await self.call("Page.close")


@asynccontextmanager
async def profile(chromium: Chromium) -> AsyncIterator[Browser]:
    """A fresh profile in a running browser, thrown away afterwards."""
    async with connect(chromium.url, max_size=None, proxy=None) as socket:
        browser = Browser(socket)
        listening = asyncio.create_task(browser.listen())
        try:
            browser.context = (await browser.call("Target.createBrowserContext"))["browserContextId"]
            yield browser
            await browser.call("Target.disposeBrowserContext", browserContextId=browser.context)
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
