"""The bytes of a file: part by part, as often as they are asked for, so that no more of them is held than is needed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from campaign_analytics.errors import MarketError

#: Bytes of a part.
PART = 1 << 20


@dataclass(frozen=True, eq=False)
class Raw:
    """The bytes of a file, or of an archive's member. Every method raises MarketError where they can't be read."""

    name: str
    size: int
    opened: Callable[[], BinaryIO]

    @classmethod
    def of(cls, data: bytes, name: str = "") -> Raw:
        """Bytes that are held anyway."""
        return cls(name, len(data), lambda: io.BytesIO(data))

    @classmethod
    def of_file(cls, path: Path) -> Raw:
        """The bytes of a file, which stay on disk."""
        try:
            return cls(path.name, path.stat().st_size, lambda: path.open("rb", buffering=0))
        except OSError as error:
            raise _unread(path.name, error) from error

    def parts(self, start: int = 0, size: int = PART) -> Iterator[bytes]:
        """All bytes from ``start`` on, so many at a time."""
        try:
            with self.opened() as file:
                file.seek(start)
                while part := file.read(size):
                    yield part
        except OSError as error:
            raise _unread(self.name, error) from error

    def at(self, start: int, size: int) -> bytes:
        """``size`` bytes from ``start`` on, or as many as there are."""
        held, left = list[bytes](), size
        for part in self.parts(start, size):
            held.append(part[:left])
            left -= len(held[-1])
            if not left:
                break
        return b"".join(held)

    def whole(self) -> bytes:
        """All of them at once."""
        return self.at(0, self.size)

    def holds(self, sign: bytes) -> bool:
        """Whether a single byte is among them."""
        return any(sign in part for part in self.parts())


def _unread(name: str, error: OSError) -> MarketError:
    return MarketError(f"{name} can't be opened: {error.strerror or error}")
