"""Where in a TOML file something stands. Loaded only to report a fault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Places:
    """The lines of one TOML text that ``tomllib`` could read."""

    def __init__(self, text: str) -> None:
        import toml_rs

        try:
            self._nodes: Any = toml_rs.load_with_metadata(text).meta["nodes"]
        except toml_rs.TOMLDecodeError:
            self._nodes = {}

    def line(self, path: Sequence[str | int], offset: int | None = None) -> int | None:
        """The 1-based line of a key, or of the character ``offset`` inside its text value.

        A path that leads further than the file (a key that is missing) gives the line of its nearest table.
        """
        node, found = self._nodes, None
        for key in path:
            inner = node.get("value", node) if isinstance(node, dict) and "key_line" in node else node
            try:
                node = inner[key]
            except (KeyError, IndexError, TypeError):
                break
            found = self._first_line(node) or found
        else:
            if offset is not None and isinstance(node, dict) and isinstance(node.get("value"), str):
                return self._inside(node, offset)
        return found

    def _first_line(self, node: Any) -> int | None:
        if not isinstance(node, dict):
            return None
        for key in ("key_line", "value_line"):
            if key in node:
                line = node[key]
                return int(line[0] if isinstance(line, tuple) else line)
        lines = [line for child in node.values() if (line := self._first_line(child)) is not None]
        return min(lines) - 1 if lines else None  # a [table] header: the line above its first key

    def _inside(self, node: dict[str, Any], offset: int) -> int:
        line = node["value_line"]
        first = int(line[0] if isinstance(line, tuple) else line)
        raw = str(node["value_raw"])
        opened = raw.startswith(('"""\n', "'''\n"))
        return first + opened + str(node["value"])[:offset].count("\n")
