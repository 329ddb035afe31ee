"""What page and kernel say to each other, read off the page's websockets: when all is answered, and how much it was."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from playwright.sync_api import WebSocket

#: A page asks for the widgets that a kernel holds; one that has loaded none complains of it, and no harm is done.
_PROBE: Final = "jupyter.widget.control"


@dataclass(frozen=True)
class Message:
    """One message of the Jupyter protocol."""

    channel: str
    header: dict[str, Any]
    parent: dict[str, Any]
    content: dict[str, Any]

    @classmethod
    def read(cls, frame: str | bytes) -> Message:
        """Both forms that are in use: JSON, and parts behind a table of their places (v1.kernel.websocket)."""
        if isinstance(frame, str):
            held = json.loads(frame)
            return cls(held["channel"], held["header"], held["parent_header"], held["content"])
        numbers = [int.from_bytes(frame[i : i + 8], "little") for i in range(8, 8 * (1 + frame[0]), 8)]
        channel, header, parent, _, content = [frame[a:b] for a, b in pairwise(numbers)][:5]
        return cls(channel.decode(), json.loads(header), json.loads(parent or b"{}"), json.loads(content))


@dataclass
class Talk:
    """Everything said so far. ``open`` are the page's requests that the kernel has not finished."""

    sent: int = 0
    received: int = 0
    received_bytes: int = 0
    updates: int = 0
    busy: list[float] = field(default_factory=list)  # ms that the kernel took for a request, by its own clock
    open: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    _probes: set[str] = field(default_factory=set)
    _began: dict[str, datetime] = field(default_factory=dict)

    def listen(self, socket: WebSocket) -> None:
        """Follow a websocket of the page, if it is a kernel's."""
        if "/channels" in socket.url:
            socket.on("framesent", self._said)
            socket.on("framereceived", self._heard)

    def _said(self, frame: str | bytes) -> None:
        message = Message.read(frame)
        self.sent += 1
        if message.channel == "shell":
            self.open.add(message.header["msg_id"])
        if message.content.get("target_name") == _PROBE:
            self._probes.add(message.content["comm_id"])

    def _heard(self, frame: str | bytes) -> None:
        message = Message.read(frame)
        self.received += 1
        self.received_bytes += len(frame)
        kind, content = message.header["msg_type"], message.content
        if kind == "status" and (request := message.parent.get("msg_id")):
            now = datetime.fromisoformat(message.header["date"])
            if content["execution_state"] == "busy":
                self._began[request] = now
            elif content["execution_state"] == "idle":
                self.open.discard(request)
                if request in self._began:
                    self.busy.append((now - self._began.pop(request)).total_seconds() * 1000)
        elif kind == "error":
            self.errors.append(f"{content['ename']}: {content['evalue']}")
        elif kind == "stream" and content["name"] == "stderr":
            text = content["text"]
            if not any(each in text for each in (_PROBE, *self._probes)):
                self.errors.append(text)
        elif kind == "comm_msg" and content["data"].get("method") == "update":
            self.updates += 1
