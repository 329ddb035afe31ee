"""Records out of JSON: one document or one a line, bare, in lists, or wrapped in the envelopes of an interface.

They are given one by one, as often as they are asked for, so that nobody need hold them all.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from campaign_analytics.errors import MarketError
from campaign_analytics.market.document import LARGE, Document, loaded, twice, why
from campaign_analytics.market.found import Broken
from campaign_analytics.market.opening.encodings import Decoded
from campaign_analytics.market.raw import PART
from campaign_analytics.market.schema import Array

Fields = Mapping[str, Any]  # of one object; numbers are held as the text that was written
#: A document has more errors than lines in it where fewer of its lines are objects by themselves.
_HALF = 0.5
NO_RECORD = "no record: expected an object of fields and values"
#: As much of a record as stands in a report.
_SHOWN = 2000
#: Characters of a value that is read at once; a longer one is walked through.
SMALL = PART

#: What a value is, as far as it tells where records are: a list of objects alone, another list, an object, or else.
_OBJECTS, _LIST, _OBJECT, _ELSE = "objects", "list", "object", ""
_Kinds: TypeAlias = Mapping[str, str]  # field of an object -> what its value is


class _Member(NamedTuple):
    """What should be a record."""

    number: int  # its line, or its place in the document
    value: Any
    group: str = ""


@dataclass(frozen=True)
class Record:
    """One object that holds data."""

    place: int  # among the records, from 1
    fields: Fields
    group: str = ""  # the name of the list that it stands in, where a document has several


@dataclass
class Answers:
    """What a JSON text holds: its records, and what else is in it as far as they were read."""

    name: str
    decoded: Decoded
    envelopes: Collection[str]
    is_record: Callable[[Collection[str]], bool]  # of the names of its fields
    objects: Mapping[int, _Kinds] | None = None  # the large objects of a document, by their places; None = lines
    broken: list[Broken] = field(default_factory=list)
    blank: int = 0  # lines without anything
    _numbers: array[int] = field(default_factory=lambda: array("q"))

    def records(self) -> Iterator[Record]:
        """The records from the first one on. Raises MarketError at the end of lines of which none can be read."""
        self.broken, self.blank, self._numbers = [], 0, array("q")
        for each in self._of_lines() if self.objects is None else self._of_document():
            if isinstance(each, Broken):
                self.broken.append(each)
            elif isinstance(each.value, dict):
                self._numbers.append(each.number)
                yield Record(len(self._numbers), each.value, each.group)
            else:
                self.broken.append(Broken(each.number, as_text(each.value), NO_RECORD))
        if self.objects is None and self.broken and not self._numbers:
            number, _, said = self.broken[0]
            raise MarketError(f"{self.name}: no line of it can be read; line {number}: {said}")

    def numbers(self, places: Array) -> Array:
        """What the records at ``places`` are numbered by, once all are read: line, or place in the document; where
        lines hold several, their places."""
        numbers = np.asarray(self._numbers, np.int64)
        return numbers[places - 1] if (np.diff(numbers) > 0).all() else places

    def _of_document(self) -> Iterator[_Member]:
        for number, (group, value) in enumerate(self._groups(Document(self.decoded.file())), start=1):
            yield _Member(number, value, group)

    def _groups(self, document: Document) -> Iterator[tuple[str, Any]]:
        """What stands in a document, and the name of the list that it stands in where there is nothing but such."""
        document.next()
        kinds = self._kinds(document)
        if kinds and not self.envelopes & kinds.keys() and set(kinds.values()) == {_OBJECTS}:
            for name in document.members():
                for value in self._walked(document):
                    yield name, value
        else:
            for value in self._walked(document, most=0):
                yield "", value

    def _walked(self, document: Document, most: int | None = None) -> Iterator[Any]:
        """What ``_opened`` gives of the next value, of which no more than ``most`` characters are read at once."""
        sign, value = document.next(), document.value(SMALL if most is None else most)
        kinds = self._kinds(document)
        if value is not LARGE:
            yield from self._opened(value)
        elif sign == "[":
            for _ in document.elements():
                yield from self._walked(document)
        elif not self.is_record(kinds) and any(kind for name, kind in kinds.items() if name in self.envelopes):
            for name in document.members():
                if name in self.envelopes and kinds[name]:
                    yield from self._walked(document)
                else:
                    document.value()
        else:
            yield document.value()

    def _kinds(self, document: Document) -> _Kinds:
        """The fields of the large object that comes next; none of what is no such object."""
        return (self.objects or {}).get(document.place, {})

    def _opened(self, value: Any) -> Iterator[Any]:
        """The records in ``value``, and what is neither a record nor around one."""
        if isinstance(value, list):
            for each in value:
                yield from self._opened(each)
        elif isinstance(value, dict) and not self.is_record(value):
            inner = [each for name, each in value.items() if name in self.envelopes and isinstance(each, dict | list)]
            if not inner:
                yield value
            for each in inner:
                yield from self._opened(each)
        else:
            yield value

    def _of_lines(self) -> Iterator[_Member | Broken]:
        for number, ended in enumerate(self.decoded.file(), start=1):
            line = ended.removesuffix("\n")
            if not line.strip():
                self.blank += 1
                continue
            try:
                value = loaded(line)
            except ValueError as error:
                yield Broken(number, line.strip()[:_SHOWN], f"no JSON: {why(error)}")
                continue
            for each in self._opened(value):
                yield _Member(number, each)


def read_answers(
    name: str,
    text: Decoded,
    lines: bool,
    envelopes: Collection[str],
    is_record: Callable[[Collection[str]], bool],
) -> Answers:
    """The records of a JSON document, or of JSON lines: asked for by ``lines``, or told by what is there.

    An object is a record where ``is_record`` says so; else what stands in its ``envelopes``, else it is a plain record.
    Lines that can't be read are kept apart with the reason. A document is read twice: where its records stand hangs on
    all of its fields. Raises MarketError where nothing can be read.
    """
    if not any(part.strip() for part in text.parts()):
        raise MarketError(f"{name} is empty; expected a JSON document, or one a line")
    if lines:
        return Answers(name, text, envelopes, is_record)
    try:
        return Answers(name, text, envelopes, is_record, _surveyed(Document(text.file())))
    except ValueError as error:
        if _in_lines(text):
            return Answers(name, text, envelopes, is_record)
        raise MarketError(
            f"{name} can't be read as JSON: {why(error)}; was it cut off? save it whole, or one record a line"
        ) from error


def as_text(value: Any) -> str:
    """An object or a list in one line, as a report shows it."""
    return json.dumps(value, ensure_ascii=False)[:_SHOWN]


def _surveyed(document: Document) -> Mapping[int, _Kinds]:
    """The large objects of a document, and that which is the whole of it. Raises ValueError where it is no JSON."""
    objects: dict[int, _Kinds] = {}
    _survey(document, objects, most=0)
    document.end()
    return objects


def _survey(document: Document, objects: dict[int, _Kinds], most: int | None = None) -> str:
    """Which kind the next value is; the large objects in it are put among ``objects``."""
    sign, place, value = document.next(), document.place, document.value(SMALL if most is None else most)
    if value is not LARGE:
        return _kind(value)
    if sign == "[":
        kinds = {_survey(document, objects) for _ in document.elements()}
        return _OBJECTS if kinds <= {_OBJECT} else _LIST
    if sign == "{":
        fields: dict[str, str] = {}
        for name in document.members():
            if name in fields:
                raise twice(name)
            fields[name] = _survey(document, objects)
        objects[place] = fields
        return _OBJECT
    document.value()
    return _ELSE


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return _OBJECTS if all(isinstance(each, dict) for each in value) else _LIST
    return _OBJECT if isinstance(value, dict) else _ELSE


def _in_lines(text: Decoded) -> bool:
    """Whether most lines are objects by themselves."""
    lines = whole = 0
    for line in filter(str.strip, text.file()):
        lines += 1
        try:
            whole += isinstance(loaded(line), dict)
        except ValueError:
            continue
    return lines > 1 and whole >= _HALF * lines
