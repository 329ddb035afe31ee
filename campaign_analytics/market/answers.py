"""Records out of JSON: one document or one a line, bare, in lists, or wrapped in the envelopes of an interface."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from campaign_analytics.errors import MarketError
from campaign_analytics.market.found import Broken

Fields = Mapping[str, Any]  # of one object; numbers are held as the text that was written
#: A document has more errors than lines in it where fewer of its lines are objects by themselves.
_HALF = 0.5
NO_RECORD = "no record: expected an object of fields and values"
#: As much of a record as stands in a report.
_SHOWN = 2000


@dataclass(frozen=True)
class Record:
    """One object that holds data."""

    number: int  # its line; its place among the records, from 1, in a document or where lines hold several
    fields: Fields
    group: str = ""  # the name of the list that it stands in, where a document has several


@dataclass
class Answers:
    """What a JSON text holds."""

    records: list[Record] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    blank: int = 0  # lines without anything


def read_answers(
    name: str, text: str, lines: bool, envelopes: Collection[str], is_record: Callable[[Fields], bool]
) -> Answers:
    """The records of a JSON document, or of JSON lines: asked for by ``lines``, or told by what is there.

    An object is a record where ``is_record`` says so; else what stands in its ``envelopes``, else it is a plain record.
    Lines that can't be read are kept apart with the reason. Raises MarketError where nothing can be read.
    """
    if not text.strip():
        raise MarketError(f"{name} is empty; expected a JSON document, or one a line")
    if not lines:
        try:
            return _of_document(_loaded(text), envelopes, is_record)
        except ValueError as error:
            if not _in_lines(text):
                raise MarketError(
                    f"{name} can't be read as JSON: {_why(error)}; was it cut off? save it whole, or one record a line"
                ) from error
    answers = _of_lines(text, envelopes, is_record)
    if answers.broken and not answers.records:
        number, _, why = answers.broken[0]
        raise MarketError(f"{name}: no line of it can be read; line {number}: {why}")
    return answers


def as_text(value: Any) -> str:
    """An object or a list in one line, as a report shows it."""
    return json.dumps(value, ensure_ascii=False)[:_SHOWN]


def _of_document(value: Any, envelopes: Collection[str], is_record: Callable[[Fields], bool]) -> Answers:
    answers = Answers()
    several = _lists_by_name(value) if isinstance(value, dict) and not envelopes & value.keys() else None
    held = (
        [(name, each) for name, members in several.items() for each in _opened(members, envelopes, is_record)]
        if several
        else [("", each) for each in _opened(value, envelopes, is_record)]
    )
    for number, (group, each) in enumerate(held, start=1):
        _keep(answers, number, each, group)
    return answers


def _of_lines(text: str, envelopes: Collection[str], is_record: Callable[[Fields], bool]) -> Answers:
    answers = Answers()
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            answers.blank += 1
            continue
        try:
            value = _loaded(line)
        except ValueError as error:
            answers.broken.append(Broken(number, line.strip()[:_SHOWN], f"no JSON: {_why(error)}"))
            continue
        for each in _opened(value, envelopes, is_record):
            _keep(answers, number, each)
    if len({record.number for record in answers.records}) < len(answers.records):
        answers.records = [replace(each, number=place) for place, each in enumerate(answers.records, start=1)]
    answers.blank -= text.endswith("\n")  # what follows the last line end is no line
    return answers


def _keep(answers: Answers, number: int, value: Any, group: str = "") -> None:
    if isinstance(value, dict):
        answers.records.append(Record(number, value, group))
    else:
        answers.broken.append(Broken(number, as_text(value), NO_RECORD))


def _lists_by_name(value: Fields) -> Mapping[str, list[Any]] | None:
    """An object of nothing but lists of objects: several tables."""
    lists = all(isinstance(each, list) and all(isinstance(one, dict) for one in each) for each in value.values())
    return value if value and lists else None


def _opened(value: Any, envelopes: Collection[str], is_record: Callable[[Fields], bool]) -> Iterator[Any]:
    """The records in ``value``, and what is neither a record nor around one."""
    if isinstance(value, list):
        for each in value:
            yield from _opened(each, envelopes, is_record)
    elif isinstance(value, dict) and not is_record(value):
        inner = [each for name, each in value.items() if name in envelopes and isinstance(each, dict | list)]
        if not inner:
            yield value
        for each in inner:
            yield from _opened(each, envelopes, is_record)
    else:
        yield value


def _in_lines(text: str) -> bool:
    """Whether most lines are objects by themselves."""
    lines = [line for line in text.split("\n") if line.strip()]
    whole = 0
    for line in lines:
        try:
            whole += isinstance(_loaded(line), dict)
        except ValueError:
            continue
    return len(lines) > 1 and whole >= _HALF * len(lines)


def _loaded(text: str) -> Any:
    """Parsed, numbers as they were written: identifiers keep all digits, prices all decimals."""
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=_nothing, object_pairs_hook=_object)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def _nothing(_: str) -> str:
    return ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held = dict(pairs)
    if len(held) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in held if names.count(name) > 1)
        raise ValueError(f"the field {twice!r} stands twice in one object")
    return held


def _why(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        where = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        return f"{error.msg[:1].lower()}{error.msg[1:]} at {where}"
    return str(error)
