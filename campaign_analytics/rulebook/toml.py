"""TOML files of ours: their text, their content, every fault told with its line; keys and typed values written."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from campaign_analytics.errors import Fault, RulebookError
from campaign_analytics.rulebook.places import Places
from campaign_analytics.rulebook.quantities import Place
from campaign_analytics.rulebook.values import MINOR_UNITS, Value

_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Number(Decimal):
    """A number of a file, quoted in a fault as it is written there."""

    __repr__ = Decimal.__str__


def text_of(path: str | Path, otherwise: str = "") -> str:
    """The text of a file; raises ``RulebookError`` where there is none, and says ``otherwise`` what to do."""
    try:
        return Path(path).read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RulebookError(
            [Fault("", f"is not UTF-8 (byte {error.start}); save it as UTF-8", file=str(path))]
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
        said = f"cannot be read ({getattr(error, 'strerror', None) or error}){otherwise}"
        raise RulebookError([Fault("", said, file=str(path))]) from None


def parsed(text: str, path: str) -> dict[str, Any]:
    """The content of a TOML text, its numbers as they are written; raises ``RulebookError`` where it is no TOML."""
    try:
        return tomllib.loads(text, parse_float=Number)
    except tomllib.TOMLDecodeError as error:
        raise RulebookError([_syntax(str(error), path)]) from None
    except RecursionError:
        raise RulebookError([Fault("", "is no TOML: nested too deeply", file=path)]) from None
    except ValueError as error:  # a whole number of thousands of digits
        raise RulebookError([Fault("", f"is no TOML: {error}", file=path)]) from None


def located(found: Iterable[tuple[Place, str, int | None]], text: str, path: str) -> list[Fault]:
    """What was found, each at its line of the file, in the order of these."""
    places = Places(text)
    faults = [Fault(".".join(map(str, place)), said, places.line(place, offset), path) for place, said, offset in found]
    return sorted(faults, key=lambda fault: fault.line or 0)


def quoted(text: str) -> str:
    """A text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")  # JSON leaves this one as it is


def key(name: str) -> str:
    """A key as TOML writes it: bare where it may be."""
    return name if _BARE.fullmatch(name) else quoted(name)


def written(value: Value | None, type: str) -> str:
    """A typed value as TOML that ``read_value`` reads as the same."""
    match value:
        case None:
            return quoted("none")
        case bool():
            return str(value).lower()
        case str():
            return quoted(value)
        case frozenset():
            return f"[{', '.join(map(quoted, sorted(value)))}]"
        case datetime():
            return _time(value)
        case date():
            return value.isoformat()
        case Decimal() if type == "rate" and value.adjusted() < 13:  # in percent a larger one is too large to be read
            return quoted(f"{_plain(value.scaleb(2))}%")
        case Decimal():
            return _plain(value)
        case int() if type == "money" and value % MINOR_UNITS:
            return f"{Decimal(value) / MINOR_UNITS:.2f}"
        case int():
            return str(value // MINOR_UNITS if type == "money" else value)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _time(time: datetime) -> str:
    """As the clock of the rulebook's zone shows it; in UTC where that shows it twice, and this is the second time."""
    first = time.replace(fold=0)
    return (first.replace(tzinfo=None) if first.utcoffset() == time.utcoffset() else time.astimezone(UTC)).isoformat()


def _syntax(said: str, path: str) -> Fault:
    message, _, where = said.partition(" (at ")
    line = where.removeprefix("line ").split(",")[0].rstrip(")")
    twice = re.fullmatch(r"Cannot declare \((.*)\) twice", message)
    if twice:
        message = ".".join(re.findall(r"'([^']*)'", twice[1])) + " is declared twice"
    return Fault("", message if twice else f"is no TOML: {message}", int(line) if line.isdigit() else None, path)
