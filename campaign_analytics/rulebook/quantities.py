"""Lists, columns and parameters of a rulebook: names, types, units, bounds and defaults."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from campaign_analytics.errors import ValueFault
from campaign_analytics.rulebook.condition import is_plain_name
from campaign_analytics.rulebook.exact import Bound, PerValue
from campaign_analytics.rulebook.grid import places
from campaign_analytics.rulebook.model import Column, Document, Parameter, Quantity, Values
from campaign_analytics.rulebook.tree import CLOCK, Kind
from campaign_analytics.rulebook.values import did_you_mean, read_value

Place = tuple[str | int, ...]
_ID = re.compile(r"[a-z][a-z0-9_]*")
_FACTOR = re.compile(r"x(\d+(\.\d+)?)")
_MOST_SET_NAMES = 64


def kind_of(quantity: Quantity, lists: Mapping[str, Values], currency: str) -> Kind:
    """What a column or parameter holds, for reading conditions."""
    names = quantity.options or (lists[quantity.of].values if quantity.of in lists else ())
    unit = currency if quantity.type == "money" else quantity.unit
    return Kind(quantity.type, unit, names, quantity.of in lists and lists[quantity.of].open)


class QuantityChecker:
    """Reads the quantities of a document; ``faults`` and ``warnings`` hold what it found, ``values`` the defaults."""

    def __init__(self, document: Document, lists: Mapping[str, Values], columns: Mapping[str, Column]) -> None:
        self.document, self.lists, self.columns = document, {**lists, **document.lists}, {**columns, **document.columns}
        self.shared = {"lists": lists.keys(), "columns": columns.keys()}
        self.faults: list[tuple[Place, str, int | None]] = []
        self.warnings: list[tuple[Place, str]] = []
        self.values: dict[str, Bound] = {}
        self.zone = ZoneInfo("UTC")

    def fault(self, place: Place, message: str, offset: int | None = None) -> None:
        """Note a fault; ``offset`` counts characters inside the text value at ``place``."""
        self.faults.append((place, message, offset))

    def unknown(self, place: Place, what: str, name: str, known: Iterable[str]) -> None:
        """Note a name that nothing has, with the nearest one that something has."""
        self.fault(place, f"unknown {what} {name!r}{did_you_mean(name, known)}")

    def check_quantities(self) -> None:
        """Header, lists, columns, derived columns' types, parameters."""
        self._header()
        self._quantities()
        self._parameters()

    def _header(self) -> None:
        header = self.document.rulebook
        try:
            self.zone = ZoneInfo(header.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fault(
                ("rulebook", "timezone"), f"unknown time zone {header.timezone!r}; write it like 'Asia/Shanghai'"
            )
        if header.category not in self.columns:
            self.unknown(("rulebook", "category"), "column", header.category, self.columns)
        self._no_twice(("rulebook", "clauses"), header.clauses, "clause ")

    def _quantities(self) -> None:
        document = self.document
        for kind, own in (("lists", document.lists), ("columns", document.columns)):
            for name in own.keys() & self.shared[kind]:
                self.fault((kind, name), f"{name!r} is in the shared vocabulary already; give yours another name")
        for name in document.derived.keys() & self.columns.keys():
            self.fault(("derived", name), f"a column named {name!r} exists already")
        for name, held in document.lists.items():
            self._list(("lists", name), held)
        for name, ladder in document.ladders.items():
            self._no_twice(("ladders", name, "tiers"), ladder.tiers)
        tables: tuple[tuple[str, Mapping[str, Quantity]], ...] = (
            ("columns", document.columns), ("derived", document.derived), ("parameters", document.parameters),
        )  # fmt: skip
        for table, entries in tables:
            for name, quantity in entries.items():
                self._quantity((table, name), name, quantity)
        for name, column in document.columns.items():
            self._column(name, column)

    def _no_twice(self, place: Place, names: Iterable[str], what: str = "") -> None:
        for name, times in Counter(names).items():
            if times > 1:
                self.fault(place, f"{what}{name!r} is listed {times} times")

    def _list(self, place: Place, held: Values) -> None:
        self._no_twice((*place, "values"), held.values)
        for alias, value in held.aliases.items():
            if value not in held.values:
                near = did_you_mean(value, held.values)
                self.fault((*place, "aliases", alias), f"stands for {value!r}, which is not in the list{near}")
        for word, names in held.groups.items():
            for name in names:
                if name not in held.values:
                    near = did_you_mean(name, held.values)
                    self.fault((*place, "groups", word), f"{name!r} is not in the list{near}")

    def _quantity(self, place: Place, name: str, quantity: Quantity) -> None:
        if not _ID.fullmatch(name) or name in CLOCK or not is_plain_name(name):
            self.fault(
                place, f"{name!r} cannot be a name: small letters, digits and _, no word of SQL, not as_of or today"
            )
        if quantity.of and quantity.of not in self.lists:
            self.unknown((*place, "of"), "list", quantity.of, self.lists)
        if quantity.of and quantity.options:
            self.fault((*place, "options"), "give either of or options")
        listed = bool(quantity.of or quantity.options)
        if quantity.type in ("level", "set") and not listed:
            self.fault((*place, "type"), f'a {quantity.type} needs its list: of = "…" or options = […]')
        if listed and quantity.type not in ("level", "set", "text"):
            self.fault((*place, "of" if quantity.of else "options"), f"a {quantity.type} has no list")
        if quantity.unit and quantity.type not in ("count", "number"):
            self.fault((*place, "unit"), f"a {quantity.type} has no unit of its own")
        names = kind_of(quantity, self.lists, "").names
        if quantity.type == "set" and place[0] != "parameters" and len(names) > _MOST_SET_NAMES:
            self.fault(place, f"a set column can have at most {_MOST_SET_NAMES} names; this list has {len(names)}")

    def _column(self, name: str, column: Column) -> None:
        if column.empty is not None:
            self._value(("columns", name, "empty"), column.empty, column)
        if column.positive and column.type not in ("count", "money", "number", "rate"):
            self.fault(("columns", name, "positive"), f"a {column.type} is not positive or otherwise")
        if column.says and column.type != "set":
            self.fault(("columns", name, "says"), f"only a set has sentences, this is a {column.type}")
        for key, own, other in (
            ("discount_of", "money", "money"), ("unit_in", "count", "text"), ("size_in", "count", "count"),
        ):  # fmt: skip
            self._beside(name, column, key, own, other)
        for other in column.at_most:
            self._at_most(("columns", name, "at_most"), column, other)
        if column.counts is None:
            return
        if column.type != "rate":
            self.fault(("columns", name, "counts"), "only a rate has the counts that make it")
            return
        for part in column.counts:
            if part not in self.columns:
                self.unknown(("columns", name, "counts"), "column", part, self.columns)
            elif self.columns[part].type != "count" or self.columns[part].table != column.table:
                self.fault(("columns", name, "counts"), f"{part!r} must be a count of the same table")

    def _beside(self, name: str, column: Column, key: str, own: str, other: str) -> None:
        """Check a key of a column of type ``own`` that names a column of type ``other`` in the same table."""
        held, place = getattr(column, key), ("columns", name, key)
        if not held:
            return
        if column.type != own:
            self.fault(place, f"only a {own} has it, this is a {column.type}")
        elif held not in self.columns:
            self.unknown(place, "column", held, self.columns)
        elif self.columns[held].type != other or self.columns[held].table != column.table:
            self.fault(place, f"{held!r} must be a {other} of the same table")

    def _at_most(self, place: Place, column: Column, other: str) -> None:
        """Check a column that cells of another are not above: of one kind, in one table."""
        if column.type not in ("count", "money", "number", "rate"):
            self.fault(place, f"a {column.type} is not above another")
        elif other not in self.columns:
            self.unknown(place, "column", other, self.columns)
        elif any(getattr(self.columns[other], key) != getattr(column, key) for key in ("type", "unit", "table")):
            self.fault(place, f"{other!r} must be a {column.type} of the same unit and table")

    def _value(self, place: Place, raw: Any, quantity: Quantity) -> Any:
        names = kind_of(quantity, self.lists, "").names
        try:
            return read_value(raw, quantity.type, names=names, zone=self.zone)
        except ValueFault as fault:
            self.fault(place, str(fault))
            return None

    def _parameters(self) -> None:
        for name, parameter in self.document.parameters.items():
            place = ("parameters", name)
            grid: Any = ()
            try:
                grid = places(parameter, kind_of(parameter, self.lists, "").names, self.zone)
            except ValueFault as fault:
                self.fault(place, str(fault))
            default = self._placed((*place, "default"), parameter.default, parameter, grid)
            held = {
                of: self._placed((*place, "values", of), raw, parameter, grid) for of, raw in parameter.values.items()
            }
            if parameter.values and not parameter.by:
                self.fault((*place, "values"), 'values need by = "column" or by = "ladder"')
            self.values[name] = default
            if parameter.by:
                self._by(place, parameter)
                self.values[name] = PerValue(
                    parameter.by, tuple((k, v) for k, v in held.items() if v is not None), default
                )
            if parameter.scale is not None and not _FACTOR.fullmatch(str(parameter.scale)):
                counted = parameter.type in ("level", "day")
                self._value((*place, "scale"), parameter.scale, Quantity(type="count") if counted else parameter)

    def _placed(self, place: Place, raw: Any, parameter: Parameter, grid: Any) -> Any:
        value = None if raw is None else self._value(place, raw, parameter)
        if value is not None and grid and value not in grid:
            beyond = not grid[0] <= value <= grid[-1]
            why = "is out of bounds" if beyond else "is off its grid: it is on no place of the slider"
            self.fault(place, f"{raw!r} {why}")
        return value

    def _by(self, place: Place, parameter: Parameter) -> None:
        by = parameter.by
        if parameter.type in ("flag", "text", "set"):
            self.fault(
                (*place, "by"),
                f"a {parameter.type} has one value for all; only amounts, levels, days and times vary",
            )
        if by in self.columns:
            column = self.columns[by]
            if column.type not in ("text", "level") or not (column.of or column.options):
                self.fault((*place, "by"), f"{by!r} is a {column.type}; by needs a text or level column with a list")
                return
        elif by not in self.document.ladders:
            self.unknown((*place, "by"), "column or ladder", by, {**self.columns, **self.document.ladders})
            return
        for name in parameter.values:
            self._one_of((*place, "values", name), by, name)
        if parameter.default is None:
            kind = self._kind_by(by)
            unlisted = [name for name in kind.names if name not in parameter.values]
            if unlisted and not kind.open:
                self.warnings.append(
                    ((*place, "values"), f"no value for {', '.join(unlisted)} and no default: unknown there")
                )

    def _one_of(self, place: Place, by: str, name: str) -> None:
        """Check that ``name`` is a value of the column, or a tier of the ladder, by which a parameter varies."""
        if not by:
            self.fault(place, "the parameter has one value for all; it does not vary by column")
            return
        kind = self._kind_by(by)
        if kind.names and name not in kind.names:
            message = f"{name!r} is not a value of {by!r}{did_you_mean(name, kind.names)}"
            if kind.open:
                self.warnings.append((place, message))
            else:
                self.fault(place, message)

    def _kind_by(self, by: str) -> Kind:
        """The values by which a parameter may vary: a ladder's tiers or a column's list, if there is either."""
        if by in self.document.ladders:
            return Kind("text", "", self.document.ladders[by].tiers)
        return kind_of(self.columns[by], self.lists, "") if by in self.columns else Kind("text")
