"""Which encoding a text is in. Files don't say it: what their bytes allow decides, and then whether headers are known.

Detectors that guess by letter frequencies are wrong on short files and on tables of numbers; the headers never are.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from campaign_analytics.errors import MarketError
from campaign_analytics.market.raw import PART, Raw

#: How much of a text is searched for what tells its form.
HEAD = PART
#: Stands where bytes are no character.
BROKEN = "\ufffd"
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
#: What is written in UTF-8 here has characters of three bytes, or else signs such as the yuan's; pairs of other bytes
#: that happen to be good UTF-8 are words in GB18030.
_LONG, _LATIN_1 = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}"), re.compile(rb"[\xc2\xc3][\x80-\xbf]")
_WORD, _WORD_SHOWN = re.compile(rb"(?:[\x81-\xfe][\x40-\x7e\x80-\xfe])+"), 16  # bytes
_KANA = re.compile("[\u3040-\u30ff]")
_NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "gb18030": "GB18030", "cp950": "Big5"}
#: As much of a text is made before any of it is asked for.
_BUFFER = 4 * PART

#: Those that an owner may name where a file does not tell.
ENCODINGS = {"UTF-8": "utf-8", "GB18030": "gb18030", "Big5": "cp950"}


@dataclass(eq=False)
class Decoded:
    """A text as it is read: UTF-8 out of the bytes of a file, made part by part, as often as it is asked for."""

    raw: Raw
    codec: str
    start: int = 0  # bytes before the text
    is_good: bool = False  # whether the bytes are known to be good UTF-8
    broken: bool = False  # whether in a part that was read ``BROKEN`` stands for bytes that are no character
    maybe: Mapping[str, str] = field(default_factory=dict)  # encodings that it may be in -> a word of it in each

    @property
    def encoding(self) -> str:
        """As people call it."""
        return _NAMES[self.codec]

    def parts(self, start: int = 0) -> Iterator[bytes]:
        """All of it from ``start`` bytes of UTF-8 on."""
        if self.is_good:
            yield from self.raw.parts(self.start + start)
            return
        for text in self._texts():
            part = text.encode()
            if start < len(part):
                yield part[start:] if start else part
            start = max(start - len(part), 0)

    def _texts(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self.codec)()
        for part in chain(self.raw.parts(self.start), [b""]):
            state = decoder.getstate()
            try:
                text = decoder.decode(part, not part)
            except UnicodeDecodeError:
                self.broken, decoder.errors = True, "replace"
                decoder.setstate(state)
                text = decoder.decode(part, not part)
            yield text

    def stream(self, start: int) -> io.BufferedReader:
        """The same, as a file that is read once."""
        return io.BufferedReader(_Stream(self.parts(start)), _BUFFER)

    def file(self) -> io.TextIOWrapper:
        """The same, as a file of text whose lines end where a line feed stands."""
        return io.TextIOWrapper(self.stream(0), "utf-8", newline="\n")

    def head(self) -> str:
        """Its beginning, as far as it is searched for what tells its form."""
        held = bytearray()
        for part in self.parts():
            held += part
            if len(held) >= HEAD:
                break
        return held[:HEAD].decode("utf-8", "ignore")

    @property
    def is_short(self) -> bool:
        """Whether the head is surely all of it: no encoding grows to more than twice its bytes."""
        return self.raw.size - self.start <= HEAD // 2


class _Stream(io.RawIOBase):
    """Parts of bytes as a file."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._left = parts, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = memoryview(next(self._parts, b""))
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def decoded(place: str, raw: Raw, known: Callable[[str], int] = lambda head: 0, stated: str = "") -> Decoded:
    """Read UTF-8, UTF-16, GB18030 or Big5; ``known`` tells how many headers are known in the head of a text.

    One of ``ENCODINGS`` that its owner has ``stated`` is the one. Raises MarketError where it is none of these.
    """
    head = raw.at(0, HEAD)
    for mark, codec in _MARKS.items():
        if head.startswith(mark):
            return Decoded(raw, codec, len(mark), codec == "utf-8" and _utf_8(raw).is_good)
    if stated:
        return Decoded(raw, ENCODINGS[stated])
    zero, utf_8 = head.find(b"\0"), _utf_8(raw)
    if zero < 0 and utf_8.is_good and utf_8.is_sure:
        return Decoded(raw, "utf-8", is_good=True)

    def knows(codec: str) -> int:
        return known(head.decode(codec, "replace"))

    if zero >= 0:
        likely = max(("utf-16-le", "utf-16-be"), key=knows)
        if not knows(likely):
            raise MarketError(f"{place}: not text, byte {zero} is zero; save it as csv in UTF-8 or GB18030")
        return Decoded(raw, likely)
    fault = None if utf_8.is_good else _fault(raw, "utf-8")
    if fault is not None and _is_mostly_utf8(raw, fault):
        return Decoded(raw, "utf-8")
    headers = knows("gb18030")
    if fault is None and knows("utf-8") > headers:
        return Decoded(raw, "utf-8", is_good=utf_8.is_good)
    other = knows("cp950")
    if other > max(headers, 1) and _fault(raw, "cp950") is None:
        return Decoded(raw, "cp950")
    if not headers and (broken := _fault(raw, "gb18030")) is not None:
        raise MarketError(
            f"{place}: unknown encoding; it is neither UTF-8 (broken at byte {fault}) nor GB18030 "
            f"(broken at byte {broken}); save it as csv in UTF-8"
        )
    held = Decoded(raw, "gb18030")
    if (
        other == headers
        and _is_unusual(held.head())
        and all(_fault(raw, each) is None for each in ("cp950", "gb18030"))
    ):
        held.maybe = _in_each(head, (held.codec, "cp950"))
    return held


def _in_each(head: bytes, codecs: Sequence[str]) -> dict[str, str]:
    """What the first word beyond ASCII is, by encoding."""
    word = found[0][:_WORD_SHOWN] if (found := _WORD.search(head)) else b""
    return {_NAMES[codec]: word.decode(codec, "replace") for codec in codecs}


class _Utf8(NamedTuple):
    """What bytes are as UTF-8."""

    is_good: bool
    is_sure: bool  # ASCII alone, or with characters that are no words of another encoding


def _utf_8(raw: Raw) -> _Utf8:
    """Whether all bytes are UTF-8, by a validator that makes no copy of them."""
    is_ascii, is_told, left = True, False, b""
    for part in raw.parts():
        part = left + part
        whole = len(part) - _unfinished(part)
        left = part[whole:]
        if not _is_utf8(part[:whole]):
            return _Utf8(False, False)
        is_ascii = is_ascii and part.isascii()
        is_told = is_told or bool(_LATIN_1.search(part) or _LONG.search(part))
    return _Utf8(not left, not left and (is_ascii or is_told))


def _unfinished(part: bytes) -> int:
    """How many bytes at the end may begin a character that is not whole."""
    for size in range(1, min(len(part), 3) + 1):
        byte = part[-size]
        if byte < 0x80:
            return 0
        if byte >= 0xC0:
            return size if size < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else 0
    return 0


def _is_utf8(data: bytes) -> bool:
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


def _is_mostly_utf8(raw: Raw, fault: int) -> bool:
    """Whether around the first fault there are more good long characters than bad ones: cut off, or damaged."""
    around = raw.at(max(fault - HEAD, 0), min(fault, HEAD) + HEAD)
    return len(_LONG.findall(around)) > around.decode("utf-8", "replace").strip(BROKEN).count(BROKEN)


def _fault(raw: Raw, encoding: str) -> int | None:
    """The first byte that is no character; None = all are."""
    decoder, place = codecs.getincrementaldecoder(encoding)(), 0
    for part in chain(raw.parts(), [b""]):
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(part, not part)
        except UnicodeDecodeError as error:
            return place - waiting + error.start
        place += len(part)
    return None
