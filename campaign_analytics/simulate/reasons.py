"""Why subjects turned: of the rules that stop them where they do not qualify, the comparison that turned.

It gives the gap to the threshold now in force, and the sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from campaign_analytics.assess.leaves import Leaf, LeafTree
from campaign_analytics.assess.moves import Subjects, inexact
from campaign_analytics.assess.sentences import Teller
from campaign_analytics.assess.spelling import distance, unit_of_distance
from campaign_analytics.assess.subject import Subject
from campaign_analytics.engines.arrays import evaluate
from campaign_analytics.market.schema import Array, Cells
from campaign_analytics.rulebook.exact import Exact, bind, columns, opened
from campaign_analytics.rulebook.tree import And, Or, Tree
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.rulebook.book import Level


@dataclass(frozen=True, eq=False)
class _Turn:
    """A comparison of one rule that turned for some of the subjects, or the whole of it."""

    rule: str
    tree: Tree
    unit: str  # of the gap
    places: Array  # (turned,) which of the subjects
    gap: Array  # (turned,) float64 from the threshold in force, at least 0; NaN where there is no number
    share: Array  # (turned,) float64 the gap over the way of the threshold from its old place; NaN where not known


@dataclass(frozen=True, eq=False)
class Reasons:
    """Why the subjects at ``rows``, who all came in or all dropped out, did so.

    Only cells and rulebooks of the two assessments are read, no masks.
    """

    now: Assessment
    baseline: Assessment
    level: Level
    rows: Array
    came_in: bool
    lang: str

    @cached_property
    def _closed(self) -> Subjects:
        """The subjects where they do not qualify."""
        return Subjects(self.baseline if self.came_in else self.now, self.level, self.rows)

    @cached_property
    def _open(self) -> Subjects:
        """The subjects where they qualify."""
        return Subjects(self.now if self.came_in else self.baseline, self.level, self.rows)

    # ---- which rules

    @cached_property
    def _stops(self) -> dict[str, Array]:
        """By rule, (subjects,) bool: whom it stops where they do not qualify; it fails, or is unknown."""
        closed, found = self._closed.assessment, {}
        for rule in closed.blocking if len(self.rows) else ():
            if rule in closed.rules_at(self.level) and not self._stays(rule):
                exact, cells = _bound(self._closed, closed.book.whole(rule))
                fails, unknown = evaluate(exact, cells, len(self.rows))
                if self.level == "offers" and closed.book.level(rule) == "merchants":
                    orphans = closed.market.merchant_row[self.rows] < 0
                    fails, unknown = fails & ~orphans, unknown | orphans
                stops = fails | unknown if rule in closed.decided else fails
                if stops.any():
                    found[rule] = stops
        return found

    def _stays(self, rule: str) -> bool:
        """Whether a rule says the same in both assessments, so that nobody turned by it."""
        closed, open_ = self._closed.assessment, self._open.assessment
        return (
            closed.market is open_.market
            and rule in open_.blocking
            and all(closed.book.values[name] == open_.book.values[name] for name in closed.book.parameters_of(rule))
        )

    @property
    def rules(self) -> Any:
        """(subjects,) the rules that stop each, joined by ";" (a pandas ``str`` array)."""
        of, distinct = _distinct(list(self._stops.values()), len(self.rows))
        texts = [";".join(rule for rule, stops in self._stops.items() if stops[row]) for row in distinct]
        return pd.array(texts, dtype="str").take(of)

    # ---- which comparison

    @cached_property
    def _turns(self) -> list[_Turn]:
        return [turn for rule, stops in self._stops.items() for turn in self._turns_of(rule, np.flatnonzero(stops))]

    def _turns_of(self, rule: str, stopped: Array) -> Iterator[_Turn]:
        closed, open_ = self._closed.some(stopped), self._open.some(stopped)
        everywhere, left = rule in open_.assessment.blocking, np.ones(len(stopped), bool)
        whole, everybody = self.now.book.whole(rule), np.ones(len(stopped), bool)
        matter = _that_matter(whole, closed, open_ if everywhere else None, everybody)
        for tree, turned in matter if rule in self.now.blocking else ():
            stops, lets = _leaf(closed, tree), _leaf(open_, tree) if everywhere else None
            turned &= stops.fails | stops.unknown
            if lets is not None:
                turned &= ~(lets.fails | lets.unknown)
            if turned.any():
                now, before = (lets, stops) if self.came_in else (stops, lets)
                gap, old = (np.full(len(stopped), np.nan) if each is None else _gap(each) for each in (now, before))
                with np.errstate(invalid="ignore"):
                    share = gap / (gap + old)
                column = None if now is None else now.column
                unit = unit_of_distance(self.now.book, column, self.lang) if column else ""
                yield _Turn(rule, tree, unit, stopped[turned], gap[turned], share[turned])
                left &= ~turned
        if left.any():  # a rule that is off, or wants to know its merchant
            nothing = np.full(np.count_nonzero(left), np.nan)
            yield _Turn(rule, self.now.book.conditions[rule], "", stopped[left], nothing, nothing)

    @cached_property
    def _deciding(self) -> tuple[Array, Array, Array]:
        """(subjects,) each: the turn that decides, by number (-1 = none), its gap and share.

        Who came in stands as near as the nearest of its rules; who dropped out as far as the farthest.
        """
        turn = np.full(len(self.rows), -1)
        gap, share = np.full((2, len(self.rows)), np.nan)
        for i, each in enumerate(self._turns):
            held = share[each.places]
            nearer = each.share < held if self.came_in else each.share > held
            better = (turn[each.places] < 0) | nearer | (np.isnan(held) & ~np.isnan(each.share))
            at = each.places[better]
            turn[at], gap[at], share[at] = i, each.gap[better], each.share[better]
        return turn, gap, share

    @property
    def nearest_first(self) -> Array:
        """(subjects,) their places, the nearest to the threshold first, those without a number last."""
        return np.argsort(self._deciding[2], kind="stable")

    # ---- in words

    def because(self, places: Array) -> Any:
        """(places,) the comparison that decides, in a sentence; one made for all with the same cells."""
        texts = np.full(len(places), "", object)
        turn = self._deciding[0][places]
        for i in np.unique(turn[turn >= 0]):
            rule, tree = self._turns[i].rule, self._turns[i].tree
            here = np.flatnonzero(turn == i)
            if rule not in self.now.blocking:
                texts[here] = say("flip_rule_off", self.lang, rule=self.now.book.rules[rule].label(self.lang, rule))
                continue
            rows = self.rows[places[here]]
            _, cells = _bound(Subjects(self.now, self.level, rows), tree)
            of, distinct = _distinct([part for each in cells.values() for part in _parts(each)], len(rows))
            told = [
                Teller(Subject(self.now, self.level, row), self.lang).sentence(tree) for row in rows[distinct].tolist()
            ]
            texts[here] = np.array(told, object)[of]
        return pd.array(texts, dtype="str")

    def table(self, places: Array) -> pd.DataFrame:
        """(places,) rules, clause, gap, unit, because."""
        turn, gap, _ = self._deciding
        held = [*self._turns, None]  # -1 = none
        book = self.now.book

        def told(texts: list[str]) -> Any:
            return pd.array(texts, dtype="str").take(turn[places] % len(held))

        return pd.DataFrame(
            {
                "rules": self.rules.take(places),
                "clause": told([";".join(book.rules[each.rule].clause) if each else "" for each in held]),
                "gap": gap[places] if self.came_in else -gap[places],
                "unit": told([each.unit if each else "" for each in held]),
                "because": self.because(places),
            }
        )


def _that_matter(
    tree: Tree, closed: Subjects, open_: Subjects | None, asked: Array
) -> Iterator[tuple[LeafTree, Array]]:
    """Each comparison, and (subjects,) bool of ``asked`` where it may be the reason: not below alternatives of which
    another lets the subject in where it does not qualify, nor in one that does not where it does."""
    if isinstance(tree, And):
        for part in tree.parts:
            yield from _that_matter(part, closed, open_, asked)
    elif isinstance(tree, Or):
        shut = asked & ~_passes(closed, tree)
        for part in tree.parts:
            yield from _that_matter(part, closed, open_, shut if open_ is None else shut & _passes(open_, part))
    else:
        yield tree, asked.copy()


def _passes(subjects: Subjects, tree: Tree) -> Array:
    fails, unknown = evaluate(*_bound(subjects, tree), len(subjects))
    return ~(fails | unknown)


def _bound(subjects: Subjects, tree: Tree) -> tuple[Exact, dict[str, Cells]]:
    assessment = subjects.assessment
    exact = opened(bind(tree, {**assessment.book.values, **assessment.moment.clock}), assessment.unmade)
    return exact, {name: subjects.cells(name) for name in columns(exact)}


def _leaf(subjects: Subjects, tree: LeafTree) -> Leaf:
    return Leaf(tree, *_bound(subjects, tree), len(subjects))


def _gap(leaf: Leaf) -> Array:
    """(rows,) float64 how far the compared column is from the last value that passes, as people count."""
    edge, column = leaf.edge, leaf.column
    if edge is None or column is None:
        return np.full(leaf.rows, np.nan)
    cells = leaf.cells[column]
    return np.where(np.ma.getmaskarray(edge) | inexact(cells), np.nan, distance(cells.values, edge.data, cells.type))


def _parts(cells: Cells) -> list[Array]:
    parts = (cells.values, cells.high, cells.missing, cells.unread)
    return [np.asarray(part) for part in parts if part is not None]


def _distinct(parts: list[Array], rows: int) -> tuple[Array, Array]:
    """(rows,) the number of each row's combination, and (combinations,) a row of each."""
    of = np.zeros(rows, np.int64)
    for part in parts:
        within, values = pd.factorize(part)
        of, _ = pd.factorize(of * len(values) + within)
    first = np.zeros(int(of.max(initial=-1)) + 1, np.int64)
    first[of[::-1]] = np.arange(rows)[::-1]
    return of, first
