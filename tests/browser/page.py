"""A notebook open in a browser, in JupyterLab or by Voila, as a person meets it, and everything that went wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote, urlsplit

from tests.browser.talk import Talk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, JSHandle, Locator, Playwright, Request, Response

Frontend = Literal["lab", "voila"]

#: A laptop's screen, in CSS pixels.
SCREEN: Final = (1280, 800)

_WATCH = Path(__file__).with_name("watch.js").read_text("utf-8")
_FLAGS = [
    "--no-sandbox",  # root has none
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",  # what asks the outside is told off, and reaches nobody
    "--disable-background-networking",
    "--force-color-profile=srgb",
]
_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def chromium() -> str | None:
    """The path of the system's Chromium."""
    return which("chromium") or which("chromium-browser") or which("google-chrome")


def launch(playwright: Playwright) -> Browser:
    """The system's Chromium without a window."""
    return playwright.chromium.launch(executable_path=chromium(), args=_FLAGS)


@dataclass(frozen=True)
class Seen:
    """What was watched. Times in ms of the page; heights in CSS pixels."""

    frames: int
    repaints: list[float]  # when a picture was drawn anew
    first: float | None  # touch of mouse or keyboard
    down: float | None  # of the mouse's button
    last: float | None
    height: float
    lowest: float

    @property
    def collapsed(self) -> bool:
        """Whether the area was lower at any time than it was at first: what flickers does that."""
        return self.lowest < self.height - 1


class Page:
    """One notebook in one tab. ``faults`` must be empty when a test ends."""

    def __init__(self, browser: Browser, frontend: Frontend, root: str, notebook: str) -> None:
        """``root`` is the address printed by the server; ``notebook`` a path below its folder."""
        self.frontend, self.talk = frontend, Talk()
        self.requests, self._noted = 0, list[str]()
        self._host = urlsplit(root).netloc
        self.tab = browser.new_page(viewport={"width": SCREEN[0], "height": SCREEN[1]})
        self.tab.on("console", self._said)
        self.tab.on("pageerror", lambda error: self._noted.append(f"exception in the page: {error}"))
        self.tab.on("request", self._asked)
        self.tab.on("response", self._answered)
        self.tab.on("requestfailed", lambda request: self._noted.append(f"failed: {request.url} ({request.failure})"))
        self.tab.on("websocket", self.talk.listen)
        parts = urlsplit(root)
        path = f"/lab/tree/{quote(notebook)}" if frontend == "lab" else parts.path
        self.tab.goto(parts._replace(path=path).geturl(), wait_until="commit")  # Voila runs all before it ends
        if frontend == "lab":
            self._open_in_lab(notebook)

    def run(self, seconds: float = 120) -> None:
        """Run all cells (Voila does so by itself) and wait until the page shows what came of it."""
        if self.frontend == "lab":
            self.command("notebook:run-all-cells")
        else:
            self.tab.locator("#rendered_cells").wait_for(timeout=seconds * 1000)
            self.tab.wait_for_function("() => !document.querySelector('#loading')", timeout=seconds * 1000)
        self.settle(seconds)

    def settle(self, seconds: float = 30) -> None:
        """Wait until the kernel has answered everything that the page asked, and the page shows it."""
        still, waited = 0, 0.0
        while still < 2:
            sent = self.talk.sent
            self.tab.evaluate(_FRAMES)
            still = still + 1 if not self.talk.open and self.talk.sent == sent else 0
            if not still:
                self.tab.wait_for_timeout(20)
                waited += 0.02
            if waited > seconds:
                raise TimeoutError(f"the kernel has not answered {len(self.talk.open)} requests")

    def command(self, name: str, **arguments: Any) -> None:
        """Let JupyterLab do one of its commands, and wait until it says that it is done."""
        self.tab.evaluate(
            "([name, args]) => jupyterapp.commands.execute(name, args).then(() => null)", [name, arguments]
        )

    def seen(self, selector: str) -> Locator:
        """The first of what a selector means, once it is seen; if it never is, what went wrong."""
        from playwright.sync_api import TimeoutError

        found = self.tab.locator(selector).first
        try:
            found.wait_for(timeout=20_000)
        except TimeoutError:
            raise AssertionError("\n".join([f"there is no {selector}", *self.faults])) from None
        return found

    def slider(self, name: str) -> Locator:
        """The first slider whose accessible name begins so."""
        return self.tab.get_by_role("slider", name=re.compile(f"^{re.escape(name)}")).first

    def numbers(self, board: int = 0) -> dict[str, int]:
        """The numbers that one dashboard of the page shows, by name."""
        found = self.tab.evaluate(
            """place => {
              const held = {};
              for (const each of document.querySelectorAll('[data-number]')) {
                (held[each.dataset.number] ??= []).push(each.dataset.value);
              }
              return Object.entries(held).map(([name, values]) => [name, values[place]]);
            }""",
            board,
        )
        return {name: int(value) for name, value in found}

    def drag(self, slider: Locator, to: float, moves: int = 20) -> None:
        """Drag a slider's handle by mouse to a share of its way, in so many moves, one a frame."""
        box = slider.bounding_box()
        track = slider.evaluate(
            "e => { const b = (e.closest('.noUi-base') ?? e).getBoundingClientRect(); return [b.x, b.width]; }"
        )
        assert box
        at = slider.evaluate("e => e.matches('input') ? (e.value - e.min) / (e.max - e.min) : null")
        handle = box["width"] / 2 if at is None else 8 + at * (box["width"] - 16)
        x, y = box["x"] + handle, box["y"] + box["height"] / 2
        end = track[0] + to * track[1]
        self.tab.mouse.move(x, y)
        self.tab.mouse.down()
        self.tab.mouse.move(end, y, steps=moves)
        self.tab.mouse.up()

    @contextmanager
    def watching(self, area: str) -> Iterator[list[Seen]]:
        """Watch an area while the block runs and until all is settled; what was seen is then in the list."""
        watch: JSHandle = self.tab.locator(area).first.evaluate_handle(_WATCH)
        seen = list[Seen]()
        yield seen
        self.settle()
        seen.append(Seen(**watch.evaluate("stop => stop()")))

    @property
    def faults(self) -> list[str]:
        """Errors of cells, callbacks and the page, failed requests, and requests to anywhere else."""
        shown = self.tab.locator(
            "[data-mime-type='application/vnd.jupyter.error'], [data-mime-type='application/vnd.jupyter.stderr'],"
            " .jupyter-widgets-error-widget"
        )
        return [*self._noted, *self.talk.errors, *shown.all_text_contents()]

    def close(self) -> None:
        """Close the tab."""
        self.tab.close()

    def _open_in_lab(self, notebook: str) -> None:
        ours = "name => window.jupyterapp?.shell?.currentWidget?.context?.path === name"
        self.tab.wait_for_function(ours, arg=notebook, timeout=30_000)
        self.tab.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.ready.then(() => null)")
        self.settle()

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._noted.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        self.requests += 1
        where = urlsplit(request.url)
        if where.scheme in ("http", "https", "ws", "wss") and where.netloc != self._host:
            self._noted.append(f"asks the outside: {request.url}")

    def _answered(self, answer: Response) -> None:
        if answer.status >= 400:
            self._noted.append(f"{answer.status} {answer.url}")
