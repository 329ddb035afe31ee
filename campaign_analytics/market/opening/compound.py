"""Compound files: what an xls file is, and an xlsx file within a password; a small file system of chained sectors.

Readers of workbooks follow chains without end where a damaged file has a ring of them, so they are given a file of our
making that holds nothing but the workbook.
"""

from __future__ import annotations

import io
import struct

import numpy as np

from campaign_analytics.errors import MarketError

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BOOKS, _LOCKED = ("Workbook", "Book"), "EncryptedPackage"  # as Excel calls it since 97, and as it did before
_SECTOR, _END, _OF_CHAINS, _FREE = 4096, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
_NAMED = 109  # sectors of chains that a header names
MOST = _NAMED * (_SECTOR // 4 - 2) * _SECTOR  # 456 MB


def workbook_in(place: str, data: bytes) -> tuple[str, bytearray]:
    """The name and the bytes of the workbook in a compound file. Raises MarketError where there is none to be read."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as held:
            there = {path[0]: path for path in held.listdir() if len(path) == 1}
            name = next((name for name in _BOOKS if name in there), "")
            stream = bytearray(held.openstream(there[name]).read()) if name else bytearray()
    except Exception as error:  # of damaged files it raises whatever comes
        raise MarketError(
            f"{place} can't be read as a workbook: it is cut off or damaged; save it as xlsx, or as csv"
        ) from error
    if _LOCKED in there:
        raise MarketError(f"{place} is locked by a password; save it without one")
    if not name:
        raise MarketError(f"{place} can't be read as a workbook: there is none in it; save it as xlsx, or as csv")
    if len(stream) > MOST:
        raise MarketError(f"{place}: {len(stream):,} bytes; expected at most {MOST:,}; save it as xlsx, or as csv")
    return name, stream


def compound(name: str, stream: bytes | bytearray) -> bytes:
    """A compound file with this stream alone: header, chains, directory, stream."""
    size = max(len(stream), _SECTOR)  # shorter ones would stand elsewhere
    sectors = -(-size // _SECTOR)
    chains = -(-(sectors + 2) // (_SECTOR // 4 - 1))
    first = chains + 1
    chain = np.full(chains * _SECTOR // 4, _FREE, "<u4")
    chain[:chains], chain[chains] = _OF_CHAINS, _END
    chain[first : first + sectors] = np.arange(first + 1, first + sectors + 1)
    chain[first + sectors - 1] = _END
    named = np.full(_NAMED, _FREE, "<u4")
    named[:chains] = np.arange(chains)
    about = struct.pack("<5H6x9I", 0x3E, 4, 0xFFFE, 12, 6, 1, chains, chains, 0, _SECTOR, _END, 0, _END, 0)
    header = SIGNATURE + bytes(16) + about + named.tobytes()
    # calamine takes a root without a first sector for none at all: here its own, of which it holds nothing
    root, held = _entry("Root Entry", 5, 1, chains, 0), _entry(name, 2, _FREE, first, size)
    parts = (header, chain.tobytes(), root + held, bytes(stream).ljust(size, b"\0"))
    return b"".join(part + bytes(-len(part) % _SECTOR) for part in parts)


def _entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
    """An entry of the directory."""
    held = f"{name}\0".encode("utf-16-le")
    return struct.pack("<64sHBB3I36xIQ", held, len(held), kind, 1, _FREE, _FREE, child, first, size)
