"""A rule's outcome for one subject, in words: what is, what is needed, how far apart, in Chinese and English.

Everything is said from the parsed condition and the rulebook's labels; nothing here knows a clause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from campaign_analytics.assess.evidence import behind
from campaign_analytics.assess.evidence import told as by_hand
from campaign_analytics.assess.leaves import Leaf, LeafTree
from campaign_analytics.assess.scales import decimal, moved, position
from campaign_analytics.assess.spelling import DIGITS, range_words
from campaign_analytics.assess.subject import Subject, typed
from campaign_analytics.rulebook.exact import MIRRORED, Bound, PerValue, bind, columns, per_value_columns
from campaign_analytics.rulebook.scalar import UNREAD, Range, truth
from campaign_analytics.rulebook.tree import (
    And,
    Arith,
    Col,
    Compare,
    Flag,
    In,
    Kind,
    Lit,
    Null,
    Operand,
    Operator,
    Or,
    Param,
    Tree,
    columns_and_parameters,
    operands,
)
from campaign_analytics.rulebook.values import MINOR_UNITS, show_value
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.rulebook.book import Rulebook

_NO_KIND = Kind("")
_MOST_NAMES = 8  # of a list, before the rest is counted
_OFF_GRID = ("level", "text", "rate", "number")  # compared as they stand
_REACHED: dict[Operator, Operator] = {">": ">=", "<": "<="}
_NEEDS = {">=": "at_least", ">": "more_than", "<=": "at_most", "<": "less_than", "=": "exactly", "<>": "other_than"}


@dataclass(frozen=True)
class Reason:
    """One comparison of one subject.

    ``gap`` is signed, in the unit of the column (percentage points for a rate): above 0 what there is to spare,
    below 0 what is short; None where nothing can be subtracted. A missing value is None.
    """

    outcome: bool | None
    column: str | None
    value: Any
    needs: str  # such as "at least 90%"
    gap: Decimal | None
    text: str


class Teller:
    """Tells one subject's rules in one language."""

    def __init__(self, subject: Subject, lang: str) -> None:
        self.subject, self.lang = subject, lang
        self.book: Rulebook = subject.assessment.book
        self.values: Mapping[str, Bound] = {**self.book.values, **subject.assessment.moment.clock}
        self._truths: dict[int, bool | None] = {}  # by the node's id: the rulebook keeps its trees
        self._reasons: dict[int, Reason] = {}

    # ---- whole conditions

    def truth(self, tree: Tree) -> bool | None:
        """The scalar reading of a condition for the subject; a comparison of a column that was never made is open."""
        if id(tree) not in self._truths:
            self._truths[id(tree)] = self._truth(tree)
        return self._truths[id(tree)]

    def _truth(self, tree: Tree) -> bool | None:
        if isinstance(tree, And | Or):
            ruling = isinstance(tree, Or)  # one such part decides
            parts = [self.truth(part) for part in tree.parts]
            return ruling if ruling in parts else None if None in parts else not ruling
        names = {*_columns(tree), *per_value_columns(tree, self.values)}
        if self.subject.assessment.unmade.intersection(names):
            return None
        row = {name: UNREAD if self.subject.unread(name) else self.subject.value(name) for name in names}
        return truth(tree, row, self.values)

    def reasons(self, tree: Tree) -> list[Reason]:
        """The comparisons that bring a condition's outcome about, left to right."""
        if isinstance(tree, And | Or):
            return [reason for part in self._telling(tree) for reason in self.reasons(part)]
        return [self._reason(tree)] if _columns(tree) else []

    def sentence(self, tree: Tree) -> str:
        """A condition's outcome in one sentence; the alternatives where an OR fails."""
        if not isinstance(tree, And | Or):
            return self._reason(tree).text if _columns(tree) else self._setting(tree)
        told = list(dict.fromkeys(text for part in self._telling(tree) if (text := self.sentence(part))))
        if isinstance(tree, Or) and len(told) > 1 and self.truth(tree) is False:
            return say("one_of", self.lang, parts=say("or", self.lang).join(told))
        return say("and", self.lang).join(told)

    def _telling(self, tree: And | Or) -> list[Tree]:
        """The parts that share the outcome, but for those that tell nothing.

        A setting of the rulebook alone settles an OR, and says nothing beside other parts; whether a value is given
        at all is nobody's choice, so it is told only where nothing else is.
        """
        outcome = self.truth(tree)
        parts = [part for part in tree.parts if self.truth(part) is outcome]
        settings = [part for part in parts if not _columns(part)]
        if settings and isinstance(tree, Or) and outcome:
            return settings[:1]
        telling = [part for part in parts if part not in settings]
        telling = [
            part for part in telling if not any(isinstance(leaf, Null) for leaf in self._sharing(part))
        ] or telling
        return telling or parts

    def _sharing(self, tree: Tree) -> list[LeafTree]:
        """The comparisons inside ``tree`` that share its outcome."""
        if not isinstance(tree, And | Or):
            return [tree]
        outcome = self.truth(tree)
        return [leaf for part in tree.parts if self.truth(part) is outcome for leaf in self._sharing(part)]

    def _setting(self, leaf: LeafTree) -> str:
        """What a comparison of parameters alone says: the parameters as they are set."""
        names = list(dict.fromkeys(each.name for each in operands(leaf) if each.name in self.book.parameters))
        told = [self._spelled(Param(name, _NO_KIND)) + say("is", self.lang) + self.shown(name) for name in names]
        return say("and", self.lang).join(told)

    def shown(self, name: str) -> str:
        """The value in force of a parameter (of one that varies, its default)."""
        held = self.values[name]
        return self.book.show(name, held.default if isinstance(held, PerValue) else held, self.lang)

    def shown_cell(self, column: str, kind: Kind) -> str:
        """The subject's cell of a column, as people write it."""
        value = self.subject.value(column)
        return say("missing_cell", self.lang) if value is None else self.show(value, kind)

    # ---- one comparison

    def _reason(self, leaf: LeafTree) -> Reason:
        if id(leaf) not in self._reasons:
            self._reasons[id(leaf)] = self._resting(self._told(leaf), leaf)
        return self._reasons[id(leaf)]

    def _resting(self, told: Reason, leaf: LeafTree) -> Reason:
        """The comparison, with where the values come from that were given by hand."""
        entries = dict.fromkeys(entry for name in _columns(leaf) for entry in behind(self.subject, name))
        if not entries:
            return told
        return replace(told, text=told.text + say("resting_on", self.lang, told=by_hand(entries, self.lang)))

    def _told(self, leaf: LeafTree) -> Reason:
        match leaf:
            case Compare():
                return self._comparison(leaf)
            case In(Col() as column, among, negated):
                return self._membership(leaf, column, among, negated)
            case In(item, Col() as column, negated):
                return self._holding(leaf, column, str(self._parameter(item)), negated)
            case Null(column, negated):
                text = self._said("given" if negated else "left_empty", leaf, column, value="")
                return Reason(self.truth(leaf), column.name, self.subject.value(column.name), "", None, text)
            case Flag(Col() as column, negated):
                needs = say("no" if negated else "yes", self.lang)
                return self._plain(leaf, column, needs)
        raise TypeError(leaf)

    def _plain(self, leaf: LeafTree, column: Col, needs: str, **more: str) -> Reason:
        value = self.subject.value(column.name)
        text = self._said("value", leaf, column, value=self.show(value, column.kind), needs=needs, **more)
        return Reason(self.truth(leaf), column.name, value, needs, None, text)

    def _said(self, kind: str, leaf: LeafTree, column: Col, **words: str) -> str:
        outcome, value = self.truth(leaf), self.subject.value(column.name)
        what = self.label(column.name)
        if column.name in self.subject.assessment.unmade:
            return say("is_not_computed", self.lang, what=what)
        if self.subject.unread(column.name):
            return say("is_unread", self.lang, what=what)
        if value is None and not isinstance(leaf, Null):
            return say("is_missing", self.lang, what=what)
        ending = {True: "holds", False: "fails", None: "open"}[outcome]
        return say(f"{kind}_{ending}", self.lang, what=what, **words)

    def _membership(self, leaf: In, column: Col, among: Col | Param | tuple[str, ...], negated: bool) -> Reason:
        held = frozenset(among) if isinstance(among, tuple) else self._parameter(among)
        value = self.subject.value(column.name)
        listed = self.show(held, column.kind)
        if isinstance(value, frozenset):
            offending, fine = value - held, value & held
            more = {"offending": self.show(offending, column.kind), "fine": self.show(fine, column.kind)}
            kind = "members" if not negated and offending else "value"
            needs = say("none_but" if not negated else "not_only", self.lang, names=listed)
            text = self._said(kind, leaf, column, value=self.show(value, column.kind), needs=needs, **more)
            return Reason(self.truth(leaf), column.name, value, needs, None, text)
        needs = say("none_of" if negated else "among", self.lang, names=listed)
        return self._plain(leaf, column, needs)

    def _holding(self, leaf: In, column: Col, name: str, negated: bool) -> Reason:
        return self._plain(leaf, column, say("not_containing" if negated else "containing", self.lang, name=name))

    def _comparison(self, leaf: Compare) -> Reason:
        left, right, op = leaf.left, leaf.right, leaf.op
        if isinstance(right, Col) and not isinstance(left, Col):
            left, right, op = right, left, MIRRORED[op]
        own = left if isinstance(left, Col) else None
        kind = own.kind if own else self._kind(left)
        what = self.label(own.name) if own else self._spelled(left)
        value = self.subject.value(own.name) if own else self._amount(left)
        bound, op = self._bound(leaf, own, right, op)
        open_ = self._missing(leaf) or self._unset(leaf)
        wanted = self.show(bound, kind) if bound is not None else "" if open_ else self._spelled(right)
        needs = say(_NEEDS[op], self.lang, bound=wanted) if wanted else ""
        if open_:
            return Reason(None, own.name if own else None, value, needs, None, open_)
        gap = None if isinstance(value, Range) else self._gap(value, bound, op, kind)
        outcome = self.truth(leaf)
        told = {"what": what, "value": self.show(value, kind), "needs": needs}
        if outcome is None or gap is None or gap == 0 or op in ("=", "<>"):
            text = say({True: "value_holds", False: "value_fails", None: "value_open"}[outcome], self.lang, **told)
        else:
            ending = "to_spare" if outcome else "short" if op in (">", ">=") else "over"
            text = say(f"gap_{ending}", self.lang, **told, gap=self._gap_text(abs(gap), kind))
        return Reason(outcome, own.name if own else None, value, needs, gap, text)

    def _missing(self, leaf: Compare) -> str:
        """What is said where a cell that the comparison needs is missing; "" where none is."""
        ladders = self.book.document.ladders
        names = [name for name in (*_columns(leaf), *per_value_columns(leaf, self.values)) if name not in ladders]
        gone = [name for name in dict.fromkeys(names) if self.subject.value(name) is None]
        if not gone:
            return ""
        kind = "is_unread" if any(self.subject.unread(name) for name in gone) else "is_missing"
        if self.subject.assessment.unmade.intersection(gone):
            kind = "is_not_computed"
        return say(kind, self.lang, what=say("list", self.lang).join(self.label(name) for name in gone))

    def _unset(self, leaf: Compare) -> str:
        """What is said where a parameter has no value for the subject's name or tier; "" where each has one."""
        for each in operands(leaf):
            held = self.values.get(each.name) if isinstance(each, Param) else None
            if isinstance(held, PerValue) and self._parameter(each) is None:
                tier = held.by in self.book.document.ladders
                name = say("this_tier", self.lang) if tier else str(self.subject.value(held.by))
                return say("no_value_for", self.lang, what=self._spelled(each), name=name)
        return ""

    def _bound(self, leaf: Compare, own: Col | None, other: Operand, op: Operator) -> tuple[Any, Operator]:
        """The other side as a typed value, None where it is not known; and how the column has to compare with it.

        What is worked out from other columns comes down to the last value on the column's own grid that passes.
        """
        names = [each for each in _columns(other) if own is None or each != own.name]
        if not names or own is None or own.kind.type in _OFF_GRID:
            return self._amount(other), op
        exact = bind(leaf, self.values)
        cells = {name: self.subject.cells(name) for name in columns(exact)}
        edge = Leaf(leaf, exact, cells, 1).edge
        if edge is None or np.ma.getmaskarray(edge)[0]:
            return None, op
        return typed(self.subject.cells(own.name), edge.data[0], self.book.zone), _REACHED.get(op, op)

    def _amount(self, operand: Operand) -> Any:
        """An operand's value for the subject, typed; None where a column of it is missing or known as a range."""
        match operand:
            case Col(name):
                value = self.subject.value(name)
                return None if isinstance(value, Range) else value
            case Lit(value):
                return value
            case Param():
                return self._parameter(operand)
        left, right = self._amount(operand.left), self._amount(operand.right)
        if left is None or right is None:
            return None
        if isinstance(left, date):
            return left - right if isinstance(right, date) else moved(left, right, operand.op)
        result = {"+": Fraction(left) + Fraction(right), "-": Fraction(left) - Fraction(right)}.get(
            operand.op, Fraction(left) * Fraction(right)
        )
        return decimal(result)

    def _parameter(self, operand: Operand) -> Any:
        if isinstance(operand, Lit):
            return operand.value
        assert isinstance(operand, Param)
        held = self.values[operand.name]
        if isinstance(held, PerValue):
            name = None if held.by in self.book.document.ladders else self.subject.value(held.by)
            return None if name is None else dict(held.values).get(name, held.default)
        return held

    def _kind(self, operand: Operand) -> Kind:
        kinds = [each.kind for each in _inside(operand) if not isinstance(each, Lit)]
        spans = [kind for kind in kinds if kind.type == "day"]
        if len(spans) == 2:
            return Kind("count", "day")
        return next((kind for kind in kinds if kind.type != "rate"), kinds[0])

    def _gap(self, value: Any, bound: Any, op: str, kind: Kind) -> Decimal | None:
        if value is None or bound is None or kind.type in ("text", "set", "flag"):
            return None
        sign = 1 if op in (">", ">=") else -1
        return decimal(sign * (position(value, kind) - position(bound, kind)))

    # ---- words

    def label(self, column: str) -> str:
        """A column's label, else its id."""
        return self.book.quantity(column).label(self.lang, column)

    def _spelled(self, operand: Operand) -> str:
        match operand:
            case Col(name):
                return self.label(name)
            case Lit(value):
                return str(value)
            case Param(name):
                held = self.book.parameters.get(name)
                return held.label(self.lang, name) if held else say(name, self.lang)
        sign = {"+": " + ", "-": " − ", "*": " × "}[operand.op]
        return f"{self._spelled(operand.left)}{sign}{self._spelled(operand.right)}"

    def show(self, value: Any, kind: Kind) -> str:
        """A typed value with its unit."""
        if isinstance(value, Range):
            words = range_words(value, kind.type)
            return say(words, self.lang, low=self.show(value.low, kind), high=self.show(value.high, kind))
        if isinstance(value, frozenset):
            return self._listed(value, kind)
        if kind.type == "money" and isinstance(value, Decimal):
            return f"{value / MINOR_UNITS:,.4f}".rstrip("0").rstrip(".") + f" {kind.unit}"
        if isinstance(value, timedelta):
            value = value.days
        if kind.type in ("rate", "number") and isinstance(value, Decimal):
            value = round(value, DIGITS)
        unit = kind.unit if kind.type == "money" else self.book.unit_label(kind.unit, self.lang)
        return show_value(value, kind.type, unit=unit, lang=self.lang, names=kind.names)

    def _listed(self, names: frozenset[str], kind: Kind) -> str:
        ordered = [name for name in kind.names if name in names] or sorted(names)
        if not ordered:
            return say("nothing", self.lang)
        told = say("list", self.lang).join(ordered[:_MOST_NAMES])
        return say("and_more", self.lang, names=told, count=len(ordered)) if len(ordered) > _MOST_NAMES else told

    def _gap_text(self, gap: Decimal, kind: Kind) -> str:
        match kind.type:
            case "rate":
                return say("points", self.lang, gap=f"{(round(gap, DIGITS) * 100).normalize():f}")
            case "level":
                return say("steps", self.lang, gap=f"{gap:f}")
            case "day":
                return say("days", self.lang, gap=f"{gap:f}")
            case "time":
                return say("duration", self.lang, days=f"{float(gap) / 86_400e6:,.1f}")
        return self.show(int(gap) if kind.type in ("money", "count") and gap == int(gap) else gap, kind)


def _inside(operand: Operand) -> list[Col | Param | Lit]:
    if isinstance(operand, Arith):
        return _inside(operand.left) + _inside(operand.right)
    return [operand]


@lru_cache(maxsize=4096)
def _columns(tree: Tree | Operand) -> tuple[str, ...]:
    found = operands(tree) if not isinstance(tree, Col | Param | Lit | Arith) else columns_and_parameters(tree)
    return tuple(dict.fromkeys(each.name for each in found if isinstance(each, Col)))
