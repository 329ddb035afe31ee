"""The way from the kernel to the page, without the wait that the system puts between small messages."""

from __future__ import annotations

from typing import Any, Final

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

#: What both servers are told by name; it is part of their supported settings.
CONNECTION: Final = f"kernel_websocket_connection_class={__name__}.PromptConnection"


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Sends every message at once.

    A step of a slider is several small messages. Left alone, the system holds each back until the one before it is
    acknowledged (Nagle's algorithm), which browsers put off by 40 ms: a drag then repaints 19 times a second.
    """

    def connect(self) -> Any:
        """Open the channels; as in the class above, the result can be awaited."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()
