"""Which encoding a text is in. Files don't say it: what their bytes allow decides, and then whether headers are known.

Detectors that guess by letter frequencies are wrong on short files and on tables of numbers; the headers never are.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from campaign_analytics.errors import MarketError

#: How much of a text is searched for what tells its form.
HEAD = 1 << 20
#: Stands where bytes are no character.
BROKEN = "\ufffd"
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
#: What is written in UTF-8 here has characters of three bytes, or else signs such as the yuan's; pairs of other bytes
#: that happen to be good UTF-8 are words in GB18030.
_LONG, _LATIN_1 = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}"), re.compile(rb"[\xc2\xc3][\x80-\xbf]")
_KANA = re.compile("[\u3040-\u30ff]")
_NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "gb18030": "GB18030", "cp950": "Big5"}


#: Those that an owner may name where a file does not tell.
ENCODINGS = {"UTF-8": "utf-8", "GB18030": "gb18030", "Big5": "cp950"}


@dataclass(frozen=True, eq=False)
class Decoded:
    """A text in UTF-8."""

    data: bytes | bytearray
    encoding: str  # as people call it
    start: int = 0  # where in the data the text begins
    broken: bool = False  # whether ``BROKEN`` stands for bytes that are no character
    maybe: str = ""  # another encoding in which it is a text, too

    @property
    def text(self) -> str:
        """All of it."""
        return self.data[self.start :].decode()

    def head(self) -> str:
        """Its beginning, as far as it is searched for what tells its form."""
        return self.data[self.start : self.start + HEAD].decode("utf-8", "ignore")

    @property
    def is_short(self) -> bool:
        """Whether the head is all of it."""
        return len(self.data) - self.start <= HEAD


def decoded(place: str, data: bytes, known: Callable[[str], int] = lambda head: 0, stated: str = "") -> Decoded:
    """Read UTF-8, UTF-16, GB18030 or Big5; ``known`` tells how many headers are known in the head of a text.

    One of ``ENCODINGS`` that its owner has ``stated`` is the one. Raises MarketError where it is none of these.
    """
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return _read(data, len(mark), encoding)
    if stated:
        return _read(data, 0, ENCODINGS[stated])
    zero = data.find(b"\0", 0, HEAD)
    if zero < 0 and _is_utf8(data) and (data.isascii() or _LATIN_1.search(data) or _LONG.search(data)):
        return Decoded(data, _NAMES["utf-8"])

    def knows(encoding: str) -> int:
        return known(data[:HEAD].decode(encoding, "replace"))

    if zero >= 0:
        likely = max(("utf-16-le", "utf-16-be"), key=knows)
        if not knows(likely):
            raise MarketError(f"{place}: not text, byte {zero} is zero; save it as csv in UTF-8 or GB18030")
        return _read(data, 0, likely)
    fault = _fault(data, "utf-8")
    if fault is not None and _is_mostly_utf8(data, fault):
        return _read(data, 0, "utf-8")
    headers = knows("gb18030")
    if fault is None and knows("utf-8") > headers:
        return _read(data, 0, "utf-8")
    other = knows("cp950")
    if other > max(headers, 1) and _fault(data, "cp950") is None:
        return _read(data, 0, "cp950")
    if not headers and (broken := _fault(data, "gb18030")) is not None:
        raise MarketError(
            f"{place}: unknown encoding; it is neither UTF-8 (broken at byte {fault}) nor GB18030 "
            f"(broken at byte {broken}); save it as csv in UTF-8"
        )
    held = _read(data, 0, "gb18030")
    unsure = other == headers and not held.broken and _is_unusual(held.head()) and _fault(data, "cp950") is None
    return replace(held, maybe=_NAMES["cp950"]) if unsure else held


def _read(data: bytes, start: int, encoding: str) -> Decoded:
    if encoding == "utf-8" and _is_utf8(data):
        return Decoded(data, _NAMES[encoding], start)
    try:
        return Decoded(_in_utf8(data, start, encoding, "strict"), _NAMES[encoding])
    except UnicodeDecodeError:
        return Decoded(_in_utf8(data, start, encoding, "replace"), _NAMES[encoding], broken=True)


def _in_utf8(data: bytes, start: int, encoding: str, errors: str) -> bytearray:
    """A text in UTF-8, made part by part: a text as a whole takes twice its bytes."""
    decoder, held = codecs.getincrementaldecoder(encoding)(errors), bytearray()
    for place in range(start, len(data), HEAD):
        held += decoder.decode(data[place : place + HEAD], place + HEAD >= len(data)).encode()
    return held


def _is_utf8(data: bytes) -> bool:
    """Whether all of it is; by a validator that makes no copy."""
    ends = pa.py_buffer(np.array([0, len(data)], np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, ends, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _is_unusual(text: str) -> bool:
    """Whether more than a tenth of its signs beyond ASCII is no Chinese of GB2312: so are two thirds of any Big5 that
    is read in GB18030, and next to none of what is written in simplified characters."""
    plain = len(text.encode("ascii", "ignore"))
    usual = (len(text.encode("gb2312", "ignore")) - plain) / 2 - len(_KANA.findall(text))
    return usual < 0.9 * (len(text) - plain)


def _is_mostly_utf8(data: bytes, fault: int) -> bool:
    """Whether around the first fault there are more good long characters than bad ones: cut off, or damaged."""
    around = data[max(fault - HEAD, 0) : fault + HEAD]
    return len(_LONG.findall(around)) > around.decode("utf-8", "replace").strip(BROKEN).count(BROKEN)


def _fault(data: bytes, encoding: str) -> int | None:
    """The first byte that is no character; None = all are."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for place in range(0, len(data), HEAD):
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(data[place : place + HEAD], place + HEAD >= len(data))
        except UnicodeDecodeError as error:
            return place - waiting + error.start
    return None
