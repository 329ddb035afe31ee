"""A rulebook that was read and checked: a campaign as data, with the values now in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args
from zoneinfo import ZoneInfo

from campaign_analytics.errors import Fault, ValueFault
from campaign_analytics.rulebook.exact import Bound, PerValue, per_value_columns
from campaign_analytics.rulebook.grid import places
from campaign_analytics.rulebook.model import (
    Column,
    Derived,
    Document,
    Header,
    Parameter,
    Quantity,
    Quota,
    Rule,
    Severity,
    Values,
    Words,
)
from campaign_analytics.rulebook.values import ONE_VALUE, Value, did_you_mean, read_value, show_value

if TYPE_CHECKING:
    from campaign_analytics.rulebook.scenario import Scenario
    from campaign_analytics.rulebook.tree import Operand, Tree

SEVERITIES: tuple[str, ...] = get_args(Severity)

Level = Literal["offers", "merchants"]


@dataclass(frozen=True, eq=False)
class Rulebook:
    """A campaign's rules, parameters and words. ``set`` and ``load_rulebook`` make new ones; none is ever changed."""

    document: Document
    units: Mapping[str, Words]  # of the vocabulary and its own
    lists: Mapping[str, Values]  # likewise
    columns: Mapping[str, Column]  # likewise
    conditions: Mapping[str, Tree]  # by rule: the condition alone
    guards: Mapping[str, Tree]  # by rule, where it has ``when``
    wheres: Mapping[str, Tree]  # by derived column: the condition of its recipe
    limits: Mapping[str, Operand]  # by quota
    required_trees: Mapping[str, Tree]  # by text: the conditions of ``rulebook.require``
    derived_order: tuple[str, ...]  # derived columns, each after those that it is made from
    values: Mapping[str, Bound]  # by parameter: the value in force; None = not set
    severities: Mapping[str, str]  # by rule: what a variant or scenario overlays
    hash: str  # of the content without labels and notes
    path: str
    variant: str | None = None
    warnings: tuple[Fault, ...] = field(default=())
    picked: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # by parameter: see ``coarser``
    written: Rulebook | None = field(default=None, repr=False)  # as its file and variant have it, if set since

    @property
    def header(self) -> Header:
        return self.document.rulebook

    @property
    def id(self) -> str:
        return self.header.id

    @property
    def version(self) -> str:
        return self.header.version

    @property
    def effective(self) -> date:
        return self.header.effective

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.header.timezone)

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        return self.document.parameters

    @property
    def derived(self) -> Mapping[str, Derived]:
        return self.document.derived

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """Every rule, with the severity in force, in the order of the notice's clauses."""
        order = {clause: place for place, clause in enumerate(self.header.clauses)}
        held = {
            name: rule.model_copy(update={"severity": self.severities.get(name, rule.severity)})
            for name, rule in self.document.rules.items()
        }
        return dict(sorted(held.items(), key=lambda item: order[item[1].clause[0]]))

    @cached_property
    def active(self) -> tuple[str, ...]:
        """Rules that are assessed, in clause order: not off, all parameters that they need set, on no ladder, and of
        phase both or enter."""
        return self.on_ladder("")

    def on_ladder(self, ladder: str) -> tuple[str, ...]:
        """The rules in force of a ladder, those that are evaluated once a tier; with "", those of the gate."""
        return tuple(
            name
            for name, rule in self.rules.items()
            if rule.severity != "off"
            and rule.phase != "stay"
            and rule.ladder == ladder
            and all(self.values[parameter] is not None for parameter in self.needed_parameters(name))
        )

    @cached_property
    def quotas(self) -> Mapping[str, Quota]:
        """The quotas in force, in the file's order: those whose parameters are all set."""
        from campaign_analytics.rulebook.tree import Param, columns_and_parameters

        def is_set(quota: str) -> bool:
            named = [each.name for each in columns_and_parameters(self.limits[quota]) if isinstance(each, Param)]
            return all(self.values[name] is not None for name in named)

        return {name: quota for name, quota in self.document.quotas.items() if is_set(name)}

    def columns_of_quota(self, quota: str) -> tuple[str, ...]:
        """The columns that a quota's groups, limit and order are made of."""
        from campaign_analytics.rulebook.tree import columns_and_parameters

        held = self.document.quotas[quota]
        named = [each.name for each in columns_and_parameters(self.limits[quota])]
        varying = [bound.by for name in named if isinstance(bound := self.values.get(name), PerValue)]
        ordered = [key.split()[0] for key in held.order.split(",")]
        found = dict.fromkeys([held.per, *named, *varying, *ordered])
        return tuple(name for name in found if name in self.columns or name in self.derived)

    @cached_property
    def required(self) -> frozenset[str]:
        """The columns that the rules in force, of gate and ladders, and the quotas read, directly or through recipes
        (keys are required besides)."""
        from campaign_analytics.rulebook.check import KEYS
        from campaign_analytics.rulebook.tree import AFTER_THE_GATE

        rules = [rule for ladder in ("", *self.document.ladders) for rule in self.on_ladder(ladder)]
        read = {name for rule in rules for name in self.columns_of(rule)} - {AFTER_THE_GATE}
        read |= {name for quota in self.quotas for name in self.columns_of_quota(quota)} - set(KEYS)
        return frozenset(column for name in read for column in self.sources(name))

    def sources(self, column: str) -> frozenset[str]:
        """The table columns behind a column: itself, or what its recipe reads, at any depth."""
        if column not in self.derived:
            return frozenset((column,)) & self.columns.keys()
        return frozenset(source for read in self.reads(column) for source in self.sources(read))

    def reads(self, derived: str) -> tuple[str, ...]:
        """The columns that a derived column's recipe reads, in the order of its arguments."""
        from campaign_analytics.rulebook.recipes import needs_of
        from campaign_analytics.rulebook.tree import Col, operands

        spec = self.derived[derived]
        needs = needs_of(spec.make)
        read: list[str] = []
        for name, value in spec.with_.items():
            if needs[name] in ("column", "columns", "row_column", "merchant_column"):
                read += [value] if isinstance(value, str) else value
        if derived in self.wheres:
            read += [each.name for each in operands(self.wheres[derived]) if isinstance(each, Col)]
        return tuple(dict.fromkeys(read))

    def ties(self, derived: str) -> tuple[str, ...]:
        """The columns by which a derived column's recipe ties merchants together: see ``recipes.TIES``."""
        from campaign_analytics.rulebook.recipes import TIES

        spec = self.derived[derived]
        given = [spec.with_.get(name, []) for name in TIES.get(spec.make, ())]
        return tuple(name for each in given for name in ([each] if isinstance(each, str) else each))

    def recipe_parameters(self, derived: str) -> tuple[str, ...]:
        """The parameters that feed a derived column's recipe (they have no place on a coded market)."""
        from campaign_analytics.rulebook.tree import Param, operands

        given = [v for v in self.derived[derived].with_.values() if isinstance(v, str) and v.startswith(":")]
        inside = operands(self.wheres[derived]) if derived in self.wheres else ()
        named = [v.removeprefix(":") for v in given] + [each.name for each in inside if isinstance(each, Param)]
        return tuple(dict.fromkeys(name for name in named if name in self.parameters))

    def columns_of(self, rule: str) -> tuple[str, ...]:
        """The columns that a rule's condition and guard name, and those by which its parameters vary."""
        return self._columns_by_rule[rule]

    @cached_property
    def _columns_by_rule(self) -> Mapping[str, tuple[str, ...]]:
        from campaign_analytics.rulebook.tree import Col, operands

        found: dict[str, tuple[str, ...]] = {}
        for rule in self.conditions:
            trees = self._trees(rule)
            named = [each.name for tree in trees for each in operands(tree) if isinstance(each, Col)]
            varying = {by for tree in trees for by in per_value_columns(tree, self.values)}
            found[rule] = tuple(dict.fromkeys([*named, *sorted(varying - self.document.ladders.keys())]))
        return found

    def parameters_of(self, rule: str) -> tuple[str, ...]:
        """The parameters that a rule's condition and guard name."""
        from campaign_analytics.rulebook.tree import Param, operands

        named = [each.name for tree in self._trees(rule) for each in operands(tree) if isinstance(each, Param)]
        return tuple(dict.fromkeys(name for name in named if name in self.parameters))

    def needed_parameters(self, rule: str) -> tuple[str, ...]:
        """The parameters without which a rule says nothing: its own, and those that recipes behind it cannot miss."""
        return tuple(dict.fromkeys([*self.parameters_of(rule), *self.feeding(self.columns_of(rule))]))

    def feeding(self, columns: Iterable[str]) -> tuple[str, ...]:
        """The parameters that the recipes behind some columns cannot miss."""
        from campaign_analytics.rulebook.recipes import optional

        named: list[str] = []
        waiting = [column for column in columns if column in self.derived]
        for derived in waiting:  # grows
            spec = self.derived[derived]
            spared = [value for name, value in spec.with_.items() if name != "where" and optional(spec.make, name)]
            named += [each for each in self.recipe_parameters(derived) if f":{each}" not in spared]
            waiting += [column for column in self.reads(derived) if column in self.derived and column not in waiting]
        return tuple(dict.fromkeys(named))

    def whole(self, rule: str) -> Tree:
        """What must hold for a rule not to fail: its condition, or that its guard is false."""
        from campaign_analytics.rulebook.tree import Or, negate

        condition = self.conditions[rule]
        return Or((negate(self.guards[rule]), condition)) if rule in self.guards else condition

    def _trees(self, rule: str) -> list[Tree]:
        return [self.conditions[rule], *([self.guards[rule]] if rule in self.guards else [])]

    def level(self, rule: str) -> Level:
        """ "offers" for a rule that reads an offers column, else "merchants"."""
        return "offers" if any(self.table_of(column) == "offers" for column in self.columns_of(rule)) else "merchants"

    def table_of(self, column: str) -> str:
        """The table in which a column, read or derived, stands."""
        return (self.derived.get(column) or self.columns[column]).table

    def quantity(self, column: str) -> Quantity:
        """The type, unit and list of a column, read or derived."""
        return self.derived.get(column) or self.columns[column]

    def names_of(self, quantity: Quantity) -> tuple[str, ...]:
        """The values of the list behind a level, text or set; empty for free text and for amounts."""
        return quantity.options or (self.lists[quantity.of].values if quantity.of else ())

    def unit_label(self, unit: str, lang: str) -> str:
        """A unit as people write it, else its id."""
        return self.units[unit].say(lang) if unit in self.units else unit

    def places(self, parameter: str) -> tuple[Value, ...]:
        """The places of a parameter's slider, ascending; empty where it has none."""
        held = self.parameters[parameter]
        grid = places(held, self.names_of(held), self.zone)
        return tuple(grid[i] for i in self.picked[parameter]) if parameter in self.picked else grid

    def set(self, changes: Mapping[str, Any] | None = None, /, **more: Any) -> Rulebook:
        """The same rulebook with other parameter values, spelled as in its file ("85%", 3000, "L2", "none").

        ``{"max_return_rate[厨具]": "5%"}`` moves one value of a parameter that varies by column. Raises
        ``ValueFault`` for an
        unknown name, a value of the wrong type, or values that contradict each other; one out of bounds is a warning.
        """
        book = self
        for place, raw in {**(changes or {}), **more}.items():
            book = book.put(place, raw)
        for requirement in book.contradictions():
            raise ValueFault(f"these values contradict each other: {requirement} must hold")
        return book

    def put(self, place: str, raw: Any) -> Rulebook:
        """One value set, whether or not it contradicts others. Raises ``ValueFault`` as ``set`` does."""
        one = ONE_VALUE.fullmatch(place)
        name = one["name"] if one else place
        if name not in self.parameters:
            near = did_you_mean(name, self.parameters) or f"; there are: {', '.join(self.parameters)}"
            raise ValueFault(f"unknown parameter {name!r}{near}")
        value = self._read(name, raw)
        warned = [fault for fault in self.warnings if fault.place != place]  # of a value that it had before
        beyond = self.beyond_bounds(name, value)
        if beyond:
            warned.append(Fault(place, beyond))
        bound = self._with_one(name, one["of"], value) if one else self._with_default(name, value)
        return self._changed(values={**self.values, name: bound}, warnings=tuple(warned))

    def switch(self, severities: Mapping[str, str]) -> Rulebook:
        """The same rulebook with other severities by rule: "block", "warn" or "off".

        Raises ``ValueFault`` for a rule or a severity that there is not.
        """
        for rule, severity in severities.items():
            if rule not in self.document.rules:
                near = did_you_mean(rule, self.document.rules) or f"; there are: {', '.join(self.document.rules)}"
                raise ValueFault(f"unknown rule {rule!r}{near}")
            if severity not in SEVERITIES:
                raise ValueFault(f"{rule}: {severity!r} is no severity; it is one of {', '.join(SEVERITIES)}")
        return self._changed(severities={**self.severities, **severities})

    def _changed(self, **fields: Any) -> Rulebook:
        return replace(self, written=self.as_written, **fields)

    @property
    def as_written(self) -> Rulebook:
        """The rulebook as its file and variant have it, whatever was set since."""
        return self.written or self

    def scenario(
        self,
        name: str | Mapping[str, str],
        changes: Mapping[str, Any] | None = None,
        /,
        *,
        off: Iterable[str] = (),
        severity: Mapping[str, str] | None = None,
        author: str = "",
        **parameters: Any,
    ) -> Scenario:
        """A named question to this rulebook: what if these values were others (spelled as for ``set``), what if the
        rules ``off`` were off, or other rules of another ``severity``.

        ``name`` is a text or ``{"zh": ..., "en": ...}``. Raises ``ValueFault`` as ``set`` and ``switch`` do.
        """
        from campaign_analytics.rulebook.scenario import Scenario, named

        switched = dict.fromkeys([off] if isinstance(off, str) else off, "off") | dict(severity or {})
        return Scenario(named(name), self, self.set(changes, **parameters).switch(switched), author)

    def _read(self, name: str, raw: Any) -> Value | None:
        held = self.parameters[name]
        try:
            return read_value(raw, held.type, names=self.names_of(held), zone=self.zone)
        except ValueFault as fault:
            raise ValueFault(f"{name}: {fault}") from None

    def _with_default(self, name: str, value: Value | None) -> Bound:
        now = self.values[name]
        return replace(now, default=value) if isinstance(now, PerValue) else value

    def _with_one(self, name: str, of: str, value: Value | None) -> Bound:
        now = self.values[name]
        if not isinstance(now, PerValue):
            raise ValueFault(f"{name} has one value for all; it does not vary by column")
        names, is_open = self._values_of(now.by)
        if of not in names and not is_open:
            raise ValueFault(f"{name}: {of!r} is not a value of {now.by!r}{did_you_mean(of, names)}")
        held = dict(now.values)
        if value is None:
            held.pop(of, None)
        else:
            held[of] = value
        return replace(now, values=tuple(held.items()))

    def _values_of(self, by: str) -> tuple[tuple[str, ...], bool]:
        """The values of a column, or tiers of a ladder, by which parameters vary; and whether there may be others."""
        if by in self.document.ladders:
            return self.document.ladders[by].tiers, False
        column = self.columns[by]
        return self.names_of(column), bool(column.of) and self.lists[column.of].open

    def beyond_bounds(self, name: str, value: Value | None) -> str:
        """What to say of a value below the first or above the last place of its slider; else the empty string."""
        grid: Any = self.places(name)
        if value is None or len(grid) < 2 or isinstance(value, bool | str):
            return ""
        if grid[0] <= value <= grid[-1]:
            return ""
        low, here, high = (self.show(name, each) for each in (grid[0], value, grid[-1]))
        return f"{here} is out of bounds: expected {low} to {high}"

    def requirements(self) -> dict[str, bool]:
        """Every condition of ``rulebook.require`` whose parameters are all set, and whether it holds now."""
        from campaign_analytics.rulebook.scalar import never_false

        held = {text: never_false(tree, self.values) for text, tree in self.required_trees.items()}
        return {text: holds for text, holds in held.items() if holds is not None}

    def contradictions(self) -> list[str]:
        """The conditions of ``rulebook.require`` that do not hold now."""
        return [text for text, holds in self.requirements().items() if not holds]

    def show(self, name: str, value: Value | None, lang: str = "en") -> str:
        """A value of parameter ``name`` as people write it, with its unit."""
        held = self.parameters[name]
        unit = self.header.currency if held.type == "money" else self.unit_label(held.unit, lang)
        return show_value(value, held.type, unit=unit, lang=lang, names=self.names_of(held))
