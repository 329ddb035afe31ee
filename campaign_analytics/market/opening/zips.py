"""Zip files in memory, within bounds: none is unpacked to disk, and none makes more of itself than a market needs."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from campaign_analytics.errors import MarketError

#: So much may a zip file unpack to, whatever it says of itself ...
MOST = 2 << 30
#: ... and beyond this no more than so many times its size: tables shrink by less.
_PLAIN, _TIMES = 64 << 20, 200
_MOST_MEMBERS = 10_000
#: Bytes of a piece, which stays in a processor's cache.
_STEP = 1 << 19
_FAULTS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, ValueError)
_ENCRYPTED, _NAMES_IN_UTF8 = 0x1, 0x800


def is_zip(data: bytes) -> bool:
    """Whether the bytes begin as those of a zip file do, be it empty."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


class Room:
    """What a zip file of ``size`` bytes may unpack to, with all zip files in it."""

    def __init__(self, size: int) -> None:
        self.packed = size
        self.bytes = min(MOST, max(_PLAIN, _TIMES * size))
        self.files = _MOST_MEMBERS

    def take(self, place: str, sizes: Sequence[int]) -> None:
        """Make room for files of these ``sizes``. Raises MarketError where there is none."""
        if len(sizes) > self.files:
            raise MarketError(f"{place} holds {len(sizes):,} files; expected at most {self.files:,}")
        if sum(sizes) > self.bytes:
            raise MarketError(
                f"{place} unpacks to {sum(sizes):,} bytes, from {self.packed:,}: too much for a table; it is not "
                "unpacked. Unpack it yourself if you trust it"
            )
        self.files -= len(sizes)
        self.bytes -= sum(sizes)


def members(
    place: str, data: bytes, room: Room | None = None
) -> Iterator[tuple[str, zipfile.ZipInfo, zipfile.ZipFile]]:
    """The files in a zip file, by their names. Raises MarketError where it is broken, or too large when unpacked: for
    the ``room`` of the zip file that it is in, or for its own."""
    try:
        held = zipfile.ZipFile(io.BytesIO(data))
    except _FAULTS as error:
        raise MarketError(f"{place} can't be read as a zip file: {error}; was it cut off?") from error
    infos = [info for info in held.infolist() if not info.is_dir()]
    sizes = [info.file_size for info in infos]  # no more than they say is ever unpacked
    (room or Room(len(data))).take(place, sizes)
    yield from ((_name(info), info, held) for info in infos)


def unpacked(place: str, info: zipfile.ZipInfo, held: zipfile.ZipFile) -> bytes:
    """One file of a zip file. Raises MarketError where it is broken, or locked by a password."""
    return b"".join(pieces(place, info, held))


def pieces(place: str, info: zipfile.ZipInfo, held: zipfile.ZipFile) -> Iterator[bytes]:
    """The same, piece by piece: no more is unpacked than is asked for."""
    if info.flag_bits & _ENCRYPTED:
        raise MarketError(f"{place} is locked by a password; unpack it yourself")
    try:
        with held.open(info) as file:
            while piece := file.read(_STEP):
                yield piece
    except _FAULTS as error:
        raise MarketError(f"{place} can't be unpacked: {error or type(error).__name__}; was it cut off?") from error


def pieces_ahead(place: str, info: zipfile.ZipInfo, held: zipfile.ZipFile) -> Iterator[bytes]:
    """The same; while one is looked at, the next one is unpacked on another core."""
    left = pieces(place, info, held)
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, left, None)
        while (piece := coming.result()) is not None:
            coming = pool.submit(next, left, None)
            yield piece


def _name(info: zipfile.ZipInfo) -> str:
    """A member's name; those of older programs are in the encoding of their machine, which they do not say."""
    if info.flag_bits & _NAMES_IN_UTF8:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:  # the zip file has told its name a second time, and better
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename
