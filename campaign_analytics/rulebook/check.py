"""What a rulebook's words mean: columns, units, conditions, defaults and clauses, checked together, every fault
reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, get_args

from campaign_analytics.rulebook.condition import parse, parse_amount
from campaign_analytics.rulebook.exact import PerValue, per_value_columns
from campaign_analytics.rulebook.model import Column, Derived, Document, Entry, TableName, Values
from campaign_analytics.rulebook.quantities import Place, QuantityChecker, kind_of
from campaign_analytics.rulebook.recipes import MAKES, OF_OFFERS, RECIPES, TIES, TYPES, WORDS, needs_of, optional
from campaign_analytics.rulebook.tree import (
    AFTER_THE_GATE,
    CLOCK,
    GROUP_SIZE,
    Kind,
    Lit,
    Operand,
    Param,
    Tree,
    columns_and_parameters,
    operands,
)
from campaign_analytics.rulebook.values import ONE_VALUE

CLOCK_PARAMETERS = ("enrol_from", "enrol_until", "campaign_from", "campaign_until", "hold_from")
KEYS = ("offer_id", "merchant_id", "snapshot_at")  # structural columns: in any table


def requirement_trees(document: Document, lists: Mapping[str, Values]) -> dict[str, Tree]:
    """The conditions over parameters alone of ``rulebook.require`` that can be read."""
    kinds = {n: kind_of(p, lists, document.rulebook.currency) for n, p in document.parameters.items()}
    trees = {text: parse(text, {}, kinds)[0] for text in document.rulebook.require}
    return {text: tree for text, tree in trees.items() if tree is not None}


class Checker(QuantityChecker):
    """Goes through a document once; ``faults`` and ``warnings`` hold what it found, the rest what it made."""

    def __init__(self, document: Document, lists: Mapping[str, Values], columns: Mapping[str, Column]) -> None:
        super().__init__(document, lists, columns)
        self.conditions: dict[str, Tree] = {}
        self.guards: dict[str, Tree] = {}
        self.wheres: dict[str, Tree] = {}
        self.limits: dict[str, Operand] = {}
        self.derived_order: tuple[str, ...] = ()
        self._used: set[str] = set(CLOCK_PARAMETERS)

    def run(self, whole: bool = True) -> None:
        """Check everything; "used nowhere" and clauses last, only where all else was read and the document is
        ``whole``: no entry was left out for its shape."""
        self.check_quantities()
        self._kinds()
        self._derived()
        self._rules()
        self._rest()
        self._variants()
        if whole and not self.faults:
            self._clauses()
            self._unused()
            self._requirements()
        self._labels()

    # ---- conditions

    def _kinds(self) -> None:
        currency = self.document.rulebook.currency
        self._column_kinds = {n: kind_of(c, self.lists, currency) for n, c in self.columns.items()}
        self._column_kinds |= {n: kind_of(d, self.lists, currency) for n, d in self.document.derived.items()}
        self._parameter_kinds = {n: kind_of(p, self.lists, currency) for n, p in self.document.parameters.items()}

    def _table(self, column: str) -> str:
        return (self.document.derived.get(column) or self.columns[column]).table

    def _in_tables(self, *tables: str) -> dict[str, Kind]:
        known = {n: kind for n, kind in self._column_kinds.items() if n != AFTER_THE_GATE}
        return {n: kind for n, kind in known.items() if n in KEYS or self._table(n) in tables}

    def condition(self, place: Place, text: str, tables: Iterable[str], after_the_gate: bool = False) -> Tree | None:
        """Read a condition over some tables' columns; its problems become faults, its names count as used."""
        kinds = self._in_tables(*tables)
        if after_the_gate:
            kinds[AFTER_THE_GATE] = self._column_kinds[AFTER_THE_GATE]
        tree, problems = parse(text, kinds, self._parameter_kinds)
        for problem in problems:
            self.fault(place, problem.message, problem.offset)
        if tree is not None:
            self._used |= {each.name for each in operands(tree)}
            varied = per_value_columns(tree, self.values)
            self._used |= varied
            if len(varied) > 1:
                self.fault(
                    place, f"its parameters vary by several columns ({', '.join(sorted(varied))}); one is allowed"
                )
        return tree

    def _derived(self) -> None:
        graph: dict[str, set[str]] = {}
        for name, spec in self.document.derived.items():
            graph[name] = set()
            place = ("derived", name)
            if spec.make not in RECIPES:
                self.unknown((*place, "make"), "recipe", spec.make, RECIPES)
                continue
            if spec.type not in MAKES.get(spec.make, (spec.type,)):
                made = " or ".join(MAKES[spec.make])
                self.fault((*place, "type"), f"recipe {spec.make!r} makes a {made}, not a {spec.type}")
            for argument in needs_of(spec.make):
                if not optional(spec.make, argument) and argument not in spec.with_:
                    self.fault((*place, "with"), f"recipe {spec.make!r} needs {argument!r}")
            for argument in spec.with_:
                before = len(self.faults)
                read = self._argument((*place, "with", argument), name, spec, argument)
                graph[name] |= read & self.document.derived.keys()
                if len(self.faults) == before:
                    self._typed((*place, "with", argument), name, spec, argument)
                    self._worded((*place, "with", argument), spec, argument)
        try:
            self.derived_order = tuple(TopologicalSorter(graph).static_order())
        except CycleError as error:
            self.fault(("derived", error.args[1][0]), "is made from itself: " + " <- ".join(error.args[1]))

    def _typed(self, place: Place, name: str, spec: Derived, argument: str) -> None:
        """Refuse columns, parameters and literals of a type that the recipe can't use."""
        allowed = TYPES.get(spec.make, {}).get(argument)
        if allowed is None:
            return
        made, value = self._column_kinds[name], spec.with_[argument]
        for each in value if needs_of(spec.make)[argument] == "columns" else [value]:
            kind = self._kind_of_argument(each)
            fits = kind is None or (kind == made if allowed == ("made",) else kind.type in allowed)
            if not fits:
                wanted = str(made) if allowed == ("made",) else " or ".join(allowed)
                more = " of the same list" if str(kind) == wanted else ""
                self.fault(place, f"{each!r} is a {kind}; a {wanted}{more} is expected")

    def _worded(self, place: Place, spec: Derived, argument: str) -> None:
        """Refuse words that the recipe does not know, also those that a parameter may come to hold."""
        known, given = WORDS.get(spec.make, {}).get(argument), spec.with_[argument]
        if known is None or not isinstance(given, str):
            return
        kind = (
            self._parameter_kinds.get(given.removeprefix(":")) if given.startswith(":") else Kind("text", "", (given,))
        )
        for word in (kind.names or ("any text",)) if kind is not None else ():
            if word not in known:
                self.fault(place, f"{word!r} is no word that recipe {spec.make!r} knows: {', '.join(known)}")

    def _kind_of_argument(self, given: Any) -> Kind | None:
        """The kind of one argument; None of a name that is unknown, which is another fault."""
        if isinstance(given, bool):
            return Kind("flag")
        if isinstance(given, int):
            return Kind("count")
        if isinstance(given, list):
            return Kind("set")
        if not isinstance(given, str):
            return Kind(type(given).__name__)
        if given.startswith(":"):
            return self._parameter_kinds.get(given[1:])
        return CLOCK.get(given) or self._column_kinds.get(given) or Kind("text")

    def _argument(self, place: Place, name: str, spec: Derived, argument: str) -> set[str]:
        """Check one argument of a recipe; gives the columns that it reads."""
        value, needs = spec.with_[argument], needs_of(spec.make)
        table = spec.with_.get("table", spec.table)
        sound = table in get_args(TableName)
        match needs.get(argument):
            case None:
                self.unknown(place, "argument", argument, needs)
            case _ if argument in TIES.get(spec.make, ()) and spec.table != "merchants":
                self.fault(place, f"merchants are tied together; a column of {spec.table} can't have {argument!r}")
            case "table" if not sound:
                self.unknown(place, "table", str(table), get_args(TableName))
            case "table" if spec.table == "offers" and table not in OF_OFFERS:
                self.fault(place, f"rows of {table!r} belong to no offer; only a column of merchants is made of them")
            case "table" if spec.table not in ("offers", "merchants"):
                self.fault(place, f"a column of {spec.table} is made of their own columns alone")
            case "where" if sound:
                tree = self.condition(place, str(value), [table])
                if tree is not None:
                    self.wheres[name] = tree
                    self._same_for_all(place, [each.name for each in operands(tree) if isinstance(each, Param)])
                    return {each.name for each in operands(tree)}
            case "column" | "columns" as kind:
                own: list[str] = ["offers", "merchants"] if spec.table == "offers" else [spec.table]
                return self._recipe_columns(place, [value] if kind == "column" else value, own)
            case "row_column" if sound:
                return self._recipe_columns(place, [value], [table])
            case "merchant_column":
                every = [each for each in get_args(TableName) if each not in ("offers", *OF_OFFERS)]
                return self._recipe_columns(place, [value], every)
            case "value" | "value_by_unit" as kind if isinstance(value, str) and value.startswith(":"):
                self._used.add(value[1:])
                if kind == "value":
                    self._same_for_all(place, [value[1:]])
                elif isinstance(held := self.values.get(value[1:]), PerValue) and held.by != spec.with_.get("unit"):
                    self.fault(place, f"'{value}' varies by {held.by!r}; one that varies by the unit is expected")
                if value[1:] not in self.document.parameters:
                    self.unknown(place, "parameter", value[1:], self.document.parameters)
            case "list" if value not in self.lists:
                self.unknown(place, "list", str(value), self.lists)
        return set()

    def _recipe_columns(self, place: Place, names: Any, tables: list[str]) -> set[str]:
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self.fault(place, f"{names!r} must be column names")
            return set()
        for name in names:
            if name in CLOCK or name in KEYS:
                continue
            if name not in self._column_kinds:
                self.unknown(place, "column", name, self._column_kinds)
            elif self._table(name) not in tables:
                self.fault(
                    place, f"{name!r} is a column of {self._table(name)}; one of {' or '.join(tables)} is expected"
                )
        self._used |= set(names)
        return set(names)

    def _same_for_all(self, place: Place, parameters: Iterable[str]) -> None:
        for name in parameters:
            if isinstance(held := self.values.get(name), PerValue):
                self.fault(place, f"':{name}' varies by {held.by!r}; a recipe takes one value for all")

    def _rules(self) -> None:
        document = self.document
        for name, rule in document.rules.items():
            place = ("rules", name)
            tables, late = ("offers", "merchants"), bool(rule.ladder)
            tree = self.condition((*place, "condition"), rule.condition, tables, late)
            guard = self.condition((*place, "when"), rule.when, tables, late) if rule.when else None
            if tree is not None:
                self.conditions[name] = tree
            if guard is not None:
                self.guards[name] = guard
            if rule.data and rule.severity == "block":
                self.fault((*place, "data"), 'what tells of the data decides no verdict: severity = "warn"')
            for other in rule.follows:
                if other not in document.rules:
                    self.unknown((*place, "follows"), "rule", other, document.rules)
                elif name in document.rules[other].follows or other == name:
                    self.fault((*place, "follows"), f"{name!r} and {other!r} follow from each other")
            if rule.ladder and rule.ladder not in document.ladders:
                self.unknown((*place, "ladder"), "ladder", rule.ladder, document.ladders)
                continue
            for tree_ in (tree, guard):
                self._ladder_parameters(place, rule.ladder, tree_)

    def _ladder_parameters(self, place: Place, ladder: str, tree: Tree | None) -> None:
        used = {each.name for each in operands(tree) if isinstance(each, Param)} if tree is not None else set()
        for name in sorted(used & self.document.parameters.keys()):
            by = self.document.parameters[name].by
            if by in self.document.ladders and by != ladder:
                self.fault(
                    place, f"parameter {name!r} varies by ladder {by!r}; only a rule with ladder = {by!r} has a tier"
                )

    # ---- quotas, scoring, clauses' guards, variants

    def _rest(self) -> None:
        for name, quota in self.document.quotas.items():
            place = ("quotas", name)
            if quota.per not in ("merchant_id", self.document.rulebook.category, "all"):
                self.fault(
                    (*place, "per"), f"{quota.per!r} must be merchant_id, {self.document.rulebook.category} or all"
                )
            kinds = self._in_tables("merchants") | {GROUP_SIZE: Kind("count", "offers")}
            limit, problems = parse_amount(quota.limit, kinds, self._parameter_kinds)
            for problem in problems:
                self.fault((*place, "limit"), problem.message, problem.offset)
            if limit is not None:
                self.limits[name], held = limit
                self._limit_of_group(place, quota.per, self.limits[name])
                if held.type != "count" and not (isinstance(self.limits[name], Lit) and quota.limit.strip().isdigit()):
                    self.fault((*place, "limit"), f"{quota.limit!r} is a {held}; a count of offers is expected")
            for key in quota.order.split(","):
                column, *direction = key.split() or [""]
                orders = self._in_tables("offers", "merchants")
                if column not in orders or orders[column].type == "set" or direction not in ([], ["ASC"], ["DESC"]):
                    self.fault(
                        (*place, "order"),
                        f"{key.strip()!r} must be a column of offers or merchants, no set, then ASC, DESC or nothing",
                    )
                self._used.add(column)
        for kind in ("quality", "weights"):
            for column in getattr(self.document.scoring, kind):
                if column not in self._column_kinds:
                    self.unknown(("scoring", kind), "column", column, self._column_kinds)
        cost = self.document.scoring.cost
        if cost and cost not in self._column_kinds:
            self.unknown(("scoring", "cost"), "column", cost, self._column_kinds)
        elif cost and self._column_kinds[cost].type != "money":
            self.fault(("scoring", "cost"), f"{cost!r} is a {self._column_kinds[cost].type}; a cost is money")
        for name, clause in self.document.clauses.items():
            if clause.when:
                at = ("clauses", name, "when")
                self._ladder_parameters(at, "", self.condition(at, clause.when, ("offers", "merchants")))
            known = {**self._column_kinds, **self.document.parameters}
            for used in clause.uses:
                if used not in known:
                    self.unknown(("clauses", name, "uses"), "derived column or parameter", used, known)
            self._used |= set(clause.uses)

    def _limit_of_group(self, place: Place, per: str, limit: Operand) -> None:
        """A limit is one number a group: of a merchant's cells only where the groups are merchants'."""
        named = {each.name for each in columns_and_parameters(limit)}
        self._used |= named
        varying = {held.by for name in named if isinstance(held := self.values.get(name), PerValue)}
        of_merchants = {name for name in named | varying if name in self._in_tables("merchants")} - {per}
        for name in sorted(of_merchants if per != "merchant_id" else ()):
            self.fault((*place, "limit"), f"{name!r} differs from merchant to merchant, but the places are per {per!r}")
        for name in sorted(varying - of_merchants - {per}):
            self.fault((*place, "limit"), f"a parameter of it varies by {name!r}, but the places are per {per!r}")

    def _variants(self) -> None:
        for name, variant in self.document.variants.items():
            for parameter, raw in variant.parameters.items():
                place = ("variants", name, "parameters", parameter)
                one = ONE_VALUE.fullmatch(parameter)
                named = one["name"] if one else parameter
                if named not in self.document.parameters:
                    self.unknown(place, "parameter", named, self.document.parameters)
                    continue
                self._value(place, raw, self.document.parameters[named])
                if one:
                    self._one_of(place, self.document.parameters[named].by, one["of"])
            for rule in variant.severity:
                if rule not in self.document.rules:
                    self.unknown(("variants", name, "severity", rule), "rule", rule, self.document.rules)

    # ---- last: clauses, use, requirements, labels

    def _clauses(self) -> None:
        listed = self.document.rulebook.clauses
        gate = (rule for name, rule in self.document.rules.items() if rule.phase != "stay" and self._awake(name))
        blocking = {clause for rule in gate if rule.severity == "block" for clause in rule.clause}
        ruled = {c for rule in self.document.rules.values() for c in rule.clause}
        cited: tuple[tuple[str, Mapping[str, Any]], ...] = (
            ("rules", self.document.rules), ("parameters", self.document.parameters), ("quotas", self.document.quotas),
        )  # fmt: skip
        for table, entries in cited:
            for name, entry in entries.items():
                for clause in entry.clause:
                    if clause not in listed:
                        self.unknown((table, name, "clause"), "clause", clause, listed)
        for clause in self.document.clauses:
            if clause not in listed:
                self.unknown(("clauses", clause), "clause", clause, listed)
        quotas = {c for quota in self.document.quotas.values() for c in quota.clause}
        for clause in listed:
            if clause in self.document.clauses and clause in blocking:
                self.fault(
                    ("clauses", clause), "has blocking rules already; a clause has either these or an entry here"
                )
            if clause not in self.document.clauses and clause not in ruled | quotas:
                self.fault(("rulebook", "clauses"), f"clause {clause!r} has neither a rule nor an entry in [clauses]")

    def _awake(self, rule: str) -> bool:
        trees = [tree for tree in (self.conditions.get(rule), self.guards.get(rule)) if tree is not None]
        named = {each.name for tree in trees for each in operands(tree) if isinstance(each, Param)}
        return all(self.values[name] is not None for name in named - CLOCK.keys())

    def _unused(self) -> None:
        for kind in ("parameters", "derived"):
            for name in getattr(self.document, kind).keys() - self._used:
                self.fault((kind, name), "is used nowhere")

    def _requirements(self) -> None:
        from campaign_analytics.rulebook.scalar import never_false

        for i, text in enumerate(self.document.rulebook.require):
            place = ("rulebook", "require", i)
            tree, problems = parse(text, {}, self._parameter_kinds)
            for problem in problems:
                self.fault(place, problem.message, problem.offset)
            if tree is not None and CLOCK.keys() & {each.name for each in operands(tree)}:
                self.fault(place, "as_of and today are not known when a rulebook is read")
            elif tree is not None and never_false(tree, self.values) is False:
                self.fault(place, f"the defaults contradict each other: {text} must hold")

    def _labels(self) -> None:
        for table in ("parameters", "columns", "derived", "rules"):
            entries: Mapping[str, Entry] = getattr(self.document, table)
            for name, entry in entries.items():
                absent = [lang for lang in ("zh", "en") if not getattr(entry, lang)]
                if absent:
                    self.warnings.append(((table, name), f"has no {' and no '.join(absent)} label; its id is shown"))
