"""Whether a parsed TOML file has the tables and keys of a rulebook; what has not is reported and left out."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from campaign_analytics.rulebook.quantities import Place
from campaign_analytics.rulebook.values import did_you_mean

_Model = TypeVar("_Model", bound=BaseModel)
_StandIn: TypeAlias = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Shaped(Generic[_Model]):
    """A file's content as a model: what had a fault is left out, so that the rest can be checked in the same go."""

    document: _Model
    faults: list[tuple[Place, str, int | None]]
    left_out: frozenset[str]  # names of entries that are not in ``document``


def shape(parsed: Mapping[str, Any], model: type[_Model], stand_in: _StandIn) -> Shaped[_Model]:
    """Read ``parsed`` as ``model``. ``stand_in``: what stands for keys that ``model`` requires where they are at fault,
    by table."""
    try:
        return Shaped(model.model_validate(parsed), [], frozenset())
    except ValidationError as error:
        faults = [_fault(each, model) for each in error.errors()]
        sound, left_out = _without_faults(copy.deepcopy(dict(parsed)), error, model, stand_in)
        return Shaped(sound, faults, left_out)


def _without_faults(
    parsed: dict[str, Any], error: ValidationError, model: type[_Model], stand_in: _StandIn
) -> tuple[_Model, frozenset[str]]:
    """Drop what is wrong: a key that nothing needs, else its whole entry, else its whole table."""
    left_out: set[str] = set()
    for length in (3, 2, 1):
        for each in error.errors():
            place = tuple(part for part in each["loc"] if not _is_pydantics(part))
            _drop(parsed, place, len(place) if each["type"] == "extra_forbidden" else length)
            if len(place) > 1 and length <= 2:
                left_out.add(str(place[1]))
        try:
            return model.model_validate({**parsed, **_required(parsed, stand_in)}), frozenset(left_out)
        except ValidationError as next_error:
            error = next_error
    return model.model_validate(stand_in), frozenset(left_out)


def _required(parsed: Mapping[str, Any], stand_in: _StandIn) -> dict[str, Any]:
    own = {table: held for table, held in parsed.items() if isinstance(held, dict)}
    return {table: {**needed, **own.get(table, {})} for table, needed in stand_in.items()}


def _drop(parsed: Any, place: Place, length: int) -> None:
    for key in place[: length - 1]:
        parsed = parsed.get(key) if isinstance(parsed, dict) else None
    if isinstance(parsed, dict) and len(place) >= length:
        parsed.pop(place[length - 1], None)


def _is_pydantics(part: object) -> bool:
    return str(part).startswith(("function-", "lax-", "tuple["))


def _fault(error: Any, model: type[BaseModel]) -> tuple[Place, str, int | None]:
    """One complaint of pydantic's in our words."""
    place: Place = tuple(part for part in error["loc"] if not _is_pydantics(part))
    kind, last = error["type"], str(place[-1]) if place else ""
    if kind == "extra_forbidden":
        return (
            place,
            f"unknown {'table' if len(place) == 1 else 'key'} {last!r}{did_you_mean(last, _known_keys(model, place))}",
            None,
        )
    if kind == "missing":
        return place[:-1], f"{last!r} is missing", None
    if kind == "literal_error":
        return place, f"{error['input']!r} must be one of {error['ctx']['expected']}", None
    return place, f"{error['input']!r}: {error['msg'][0].lower()}{error['msg'][1:]}", None


def _known_keys(model: type[BaseModel], place: Place) -> list[str]:
    """The keys allowed where an unknown one stands."""
    here: Any = model
    for part in place[:-1]:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(part))
            here = field.annotation if field else None
        else:  # dict[str, X]: any name leads to X
            here = here.__args__[1] if getattr(here, "__origin__", None) is dict else None
        while hasattr(here, "__metadata__"):
            here = here.__origin__
    if not (isinstance(here, type) and issubclass(here, BaseModel)):
        return []
    return [field.alias or name for name, field in here.model_fields.items()]
