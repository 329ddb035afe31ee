"""JSON as it is read: numbers as they were written, and a document walked through so that a part of it is held alone.

The walk stands on the standard library's decoder. Parsers of streams (ijson, json-stream) make numbers of what must
keep its spelling, and take other texts for JSON than the lines of the same records are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, TextIO

from campaign_analytics.market.raw import PART

#: In place of a value that is longer than asked for.
LARGE: Final = object()
_SPACES = re.compile(r"[ \t\n\r]*")
#: A fault so near to the end of what is held may be the end itself: within a word, a number or a sign's code.
_NEAR = 16
#: Half of a sign in UTF-16, alone once all pairs were joined; and as it is written, alone or in a pair.
_HALF, _HALF_WRITTEN = re.compile("[\ud800-\udfff]"), re.compile(r"\\u[dD][89a-fA-F]")
_ENDLESS = "Unterminated string"  # its fault stands where it begins


def loaded(text: str) -> Any:
    """A whole JSON text. Raises ValueError, of which ``why`` tells people."""
    try:
        return _DECODER.decode(text)
    except RecursionError as error:
        raise _too_deep() from error


def why(error: ValueError) -> str:
    """What is wrong with a JSON text, and where."""
    if isinstance(error, json.JSONDecodeError):
        where = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        return f"{error.msg[:1].lower()}{error.msg[1:]} at {where}"
    return str(error)


def twice(name: str) -> ValueError:
    """What is wrong with an object that has a field twice."""
    return ValueError(f"the field {name!r} stands twice in one object")


class Document:
    """A JSON document as it is walked through; what was passed is let go of. Every method raises ValueError."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._held, self._at, self._ended = "", 0, False
        self._passed = self._lines = self._columns = 0  # characters, lines, and in the last of these, before ``_held``

    @property
    def place(self) -> int:
        """How many characters stand before the next one."""
        return self._passed + self._at

    def next(self) -> str:
        """The next character that is no space, which is not passed; "" at the end."""
        while True:
            if spaces := _SPACES.match(self._held, self._at):
                self._at = spaces.end()
            if self._at < len(self._held):
                return self._held[self._at]
            if self._ended:
                return ""
            self._more()

    def value(self, most: int | None = None) -> Any:
        """The next value; ``LARGE`` in place of one of more than ``most`` characters, which is not passed."""
        self.next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._at)
            except json.JSONDecodeError as error:
                whole = self._ended or not (
                    error.msg.startswith(_ENDLESS) or error.pos >= len(self._held) - _NEAR
                )  # it is what is wrong, and not that more is to come
                if whole:
                    raise self._fault(error.msg, error.pos) from None
                end = len(self._held)
            except RecursionError as error:
                raise _too_deep() from error
            else:
                if most is not None and end - self._at > most:
                    return LARGE
                if end + _NEAR < len(self._held) or self._ended:
                    self._at = end
                    return value
            if most is not None and end - self._at > most:
                return LARGE
            self._more()

    def elements(self) -> Iterator[None]:
        """Stand before each element of the list that comes next; who asks reads it before going on."""
        self._take("[")
        if self.next() != "]":
            yield
            while self.next() == ",":
                self._at += 1
                yield
        self._take("]", "Expecting ',' delimiter")

    def members(self) -> Iterator[str]:
        """Stand before each value of the object that comes next, whose name is given; who asks reads it."""
        self._take("{")
        if self.next() != "}":
            yield self._name()
            while self.next() == ",":
                self._at += 1
                yield self._name()
        self._take("}", "Expecting ',' delimiter")

    def end(self) -> None:
        """Nothing may come next."""
        if self.next():
            raise self._fault("Extra data", self._at)

    def _name(self) -> str:
        if self.next() != '"':
            raise self._fault("Expecting property name enclosed in double quotes", self._at)
        name = str(self.value())
        self._take(":", "Expecting ':' delimiter")
        return name

    def _take(self, sign: str, otherwise: str = "") -> None:
        if self.next() != sign:
            raise self._fault(otherwise, self._at)
        self._at += 1

    def _more(self) -> None:
        """Hold more of it: as much again as is not passed, so that a long value is not tried over and over."""
        gone = self._held[: self._at]
        lines = gone.count("\n")
        self._columns = len(gone) - gone.rfind("\n") - 1 if lines else self._columns + len(gone)
        self._lines += lines
        self._passed += len(gone)
        left = self._held[self._at :]
        more = self._file.read(max(PART, len(left)))
        self._held, self._at, self._ended = left + more, 0, not more

    def _fault(self, said: str, place: int) -> ValueError:
        error = json.JSONDecodeError(said, self._held, place)
        if error.lineno == 1:
            error.colno += self._columns
        error.lineno += self._lines
        return error


def _nothing(_: str) -> str:
    return ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) != len(pairs):
        names = [name for name, _ in pairs]
        raise twice(next(name for name in held if names.count(name) > 1))
    return held


def _too_deep() -> ValueError:
    return ValueError("it is nested too deep")


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(each) for each in value]
    if isinstance(value, dict):
        return _object([(_mended(name), _mended(each)) for name, each in value.items()])
    return value


class _Decoder(json.JSONDecoder):
    """Halves of a sign in UTF-16, which no encoding can write (a text cut within an emoji), become U+FFFD."""

    def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
        value, end = super().raw_decode(s, idx)
        return _mended(value) if _HALF_WRITTEN.search(s, idx, end) else value, end


#: Numbers as they were written: identifiers keep all digits, prices all decimals.
_DECODER = _Decoder(parse_int=str, parse_float=str, parse_constant=_nothing, object_pairs_hook=_object)
