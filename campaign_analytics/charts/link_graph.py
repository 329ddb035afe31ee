"""The accounts of one user, what ties them, and how the record of one comes to count for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from matplotlib.patches import Circle, Polygon

from campaign_analytics.assess.outcomes import FAIL as FAILS
from campaign_analytics.assess.outcomes import OUTCOMES
from campaign_analytics.charts.figure import BODY, MARGIN, SMALL, WIDTH, Chart
from campaign_analytics.charts.fonts import balance, drawable, width, wrap
from campaign_analytics.charts.labels import foot, listed
from campaign_analytics.charts.link_tree import Place, Tie, Tree, arrange
from campaign_analytics.charts.palette import FAIL, FAINT, INK, LINE, PAPER, PASS, QUIET, UNKNOWN, Look
from campaign_analytics.errors import CampaignError
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.links import Links

MOST, MOST_TIES = 20, 6
_LOOKS: Final = {"pass": PASS, "fail": FAIL, "unknown": UNKNOWN, "not_applicable": Look("–", PAPER, QUIET)}
_FAIL: Final = OUTCOMES[FAILS]
# inches: rows, radii of an account and of a ring around it, head of an arrow, a step to the right, between ties across
_ROW, _DOT, _RING, _HEAD, _STEP, _ACROSS = 0.5, 0.1, 0.145, 0.1, 1.5, 0.26
_LINE, _KEY, _NAME, _TEXT = (
    0.15,
    0.3,
    1.6,
    2.9,
)  # inches: a line, a row of the key, the widest name and text of an account
_EDGE = 7.5  # points: the name of a tie


@dataclass(frozen=True)
class Cluster:
    """One user of several accounts, as ``Links`` tells of it.

    accounts, ties and steps are the rows of its tables; ``counts`` its row of clusters, with how many there are, the
    rule's label and its clause.
    """

    accounts: pd.DataFrame
    ties: pd.DataFrame
    steps: pd.DataFrame
    counts: Mapping[str, Any]
    labels: Mapping[str, str]  # of columns


def link_graph(links: Links, cluster: int = 1) -> Chart:
    """The accounts of one cluster of ``links``, each under the one from which a record reaches it: a node an account,
    an edge what ties two, by name; in the language of ``links``.

    The way of a record that fails somebody is drawn bold, with arrows. At most 20 accounts are drawn, the nearest to
    the records; the others are counted below. Names merchants side by side: for operators alone.

    Raises ``CampaignError`` where there is no such cluster among several.
    """
    book, lang, clusters = links.making.book, links.lang, links.clusters()
    rule = book.rules[links.rule]
    held = {"rule": rule.label(lang, links.rule), "clause": rule.clause[0], "clusters": len(clusters)}
    notes = foot(links.assessment, lang)
    if not len(clusters):
        return Chart(say("graph_title_none", lang, **held), say("graph_rule", lang, **held), notes, 0)
    if not 1 <= cluster <= len(clusters):
        raise CampaignError(f"cluster {cluster}: there is no such user; expected a number from 1 to {len(clusters)}")
    accounts = links.accounts()
    one = Cluster(
        accounts[accounts["cluster"] == cluster], links.ties(cluster), links.steps(cluster),
        held | {str(name): count for name, count in clusters.iloc[cluster - 1].items()},
        {column: book.quantity(column).label(lang, column) for column in links.ties(cluster)["column"].unique()},
    )  # fmt: skip
    return draw(one, [say("graph_private", lang), *notes], lang)


def draw(cluster: Cluster, notes: Sequence[str], lang: str) -> Chart:
    """See ``link_graph``."""
    accounts = cluster.accounts.set_index("merchant_id")
    failing = set(accounts.index[accounts["outcome"] == _FAIL])
    steps = cluster.steps[cluster.steps["merchant_id"].isin(failing)]
    first = steps[steps["step"] == 1]
    source = dict(zip(first["merchant_id"], first["from_id"], strict=True))
    source |= {id: id for id in failing if accounts.loc[id, "steps_away"] == 0}
    tree = arrange(accounts.index, cluster.ties, steps, set(source.values()), MOST)

    more = []
    if tree.rest:
        more.append(say("graph_more", lang, count=len(tree.rest), failing=len(failing & set(tree.rest))))
    if len(tree.across) > MOST_TIES:
        more.append(say("graph_more_ties", lang, count=len(tree.across) - MOST_TIES))
    sources = sorted(set(source.values()))
    key = "graph_title_one" if len(sources) == 1 else "graph_title_several"
    title = say(key, lang, source=sources[0] if sources else "", sources=len(sources), **cluster.counts)
    across = tree.across[:MOST_TIES]
    body = _ROW * len(tree.places) + _KEY * (1 + len(across)) + 0.1
    chart = Chart(title, say("graph_subtitle", lang, **cluster.counts), [*more, *notes], body)
    told = {place.id: drawable(_told(place.id, accounts, source, lang)) for place in tree.places}
    _Drawing(chart, tree, accounts, set(sources), cluster.labels, told, lang).draw(across)
    return chart


def _told(id: str, accounts: pd.DataFrame, source: Mapping[str, str], lang: str) -> str:
    """How an account stands, and by whose record."""
    account: dict[str, Any] = {str(name): cell for name, cell in accounts.loc[id].items()}
    day = {each: "" if pd.isna(on) else f"{on:%Y-%m-%d}" for each, on in accounts["recorded"].items()}
    own = say("graph_own", lang, day=day[id]) if day[id] else ""
    outcome = str(account["outcome"])
    if not outcome:
        return say("graph_parts", lang, how=say("graph_absent", lang), why=own) if own else say("graph_absent", lang)
    if id in source and source[id] != id:
        told = {"source": source[id], "day": day[source[id]], "steps": int(account["steps_away"])}
        why = say("graph_over", lang, **told)
    elif id in source:
        why = own
    elif outcome == "pass":
        why = say("graph_outside", lang, day=day[id]) if own else say("graph_clean", lang)
    else:
        why = own
    return say("graph_parts", lang, how=say(outcome, lang), why=why) if why else say(outcome, lang)


@dataclass(frozen=True)
class _Drawing:
    """A tree on its page, a row an account."""

    chart: Chart
    tree: Tree
    accounts: pd.DataFrame
    sources: set[str]
    labels: Mapping[str, str]
    told: Mapping[str, str]
    lang: str

    def draw(self, across: Sequence[tuple[tuple[int, ...], Tie]]) -> None:
        for i, place in enumerate(self.tree.places):
            if place.above is not None:
                self._edge(i, place, place.above)
        for i, place in enumerate(self.tree.places):
            self._account(i, place)
        y = self.chart.top + _ROW * len(self.tree.places)
        for number, (here, tie) in enumerate(across):
            letter = "abcdefghij"[number]
            self._tie_across(number, letter, here)
            self.chart.write(MARGIN + 0.1, y + _KEY / 2, letter, SMALL, QUIET, "center")
            self.chart.write(MARGIN + 0.3, y + _KEY / 2, self._name(tie), SMALL, QUIET)
            y += _KEY
        self._key(y + _KEY / 2)

    # ---- where

    @cached_property
    def _names(self) -> dict[str, str]:
        """The accounts' ids, shortened where they are very long."""
        return {place.id: wrap(place.id, _NAME, BODY, most=1)[0] for place in self.tree.places}

    @cached_property
    def _texts(self) -> float:
        """Where what is told of accounts begins."""
        longest = max((width(text, SMALL) for text in self.told.values()), default=0.0)
        return WIDTH - MARGIN - min(longest, _TEXT)

    @cached_property
    def _lanes(self) -> float:
        """Where ties across begin."""
        return self._texts - 0.1 - _ACROSS * min(len(self.tree.across), MOST_TIES)

    @cached_property
    def _step(self) -> float:
        deepest = max((place.depth for place in self.tree.places), default=0)
        longest = max((width(name, BODY) for name in self._names.values()), default=0.0)
        return min(_STEP, (self._lanes - MARGIN - 2 * _RING - 0.2 - longest) / max(deepest, 1))

    def _x(self, place: Place) -> float:
        return MARGIN + _RING + place.depth * self._step

    def _y(self, i: int) -> float:
        return self.chart.top + (i + 0.5) * _ROW

    def _rim(self, place: Place) -> float:
        return _RING if place.id in self.sources else _DOT

    # ---- what

    def _edge(self, i: int, place: Place, above: int) -> None:
        over, tie = self.tree.places[above], self.tree.edges[i]
        x, y, left = self._x(place), self._y(i), self._x(over)
        colour, weight = (FAIL.fill, 2.2) if place.reached else (FAINT, 1.0)
        style = "-" if tie.shared else (0, (4, 2))
        end = x - self._rim(place) - 0.02
        self.chart.page.plot(
            [left, left, end - (_HEAD if place.reached else 0)], [self._y(above) + self._rim(over), y, y],
            color=colour, linewidth=weight, linestyle=style, marker="", zorder=2.4 if place.reached else 1.5,
        )  # fmt: skip
        if place.reached:
            self._arrow(end, y)
        (name, *_) = wrap(self._name(tie), self._lanes - left - 0.15, _EDGE, most=1)
        self.chart.write(left + 0.07, y - 0.18, name, _EDGE, FAIL.text if place.reached else QUIET)

    def _arrow(self, x: float, y: float) -> None:
        """The head of an arrow whose tip is at (x, y)."""
        corners = [(x, y), (x - _HEAD, y - 0.05), (x - _HEAD, y + 0.05)]
        self.chart.page.add_patch(Polygon(corners, fc=FAIL.fill, lw=0, zorder=2.4))

    def _account(self, i: int, place: Place) -> None:
        x, y = self._x(place), self._y(i)
        look = _LOOKS.get(str(self.accounts.loc[place.id, "outcome"]))
        if place.id in self.sources:
            self.chart.page.add_patch(Circle((x, y), _RING, fc=PAPER, ec=INK, lw=1.4, zorder=2.6))
        rim, style = (look.text, "-") if look else (QUIET, ":")
        fill = look.fill if look else PAPER
        self.chart.page.add_patch(Circle((x, y), _DOT, fc=fill, ec=rim, ls=style, lw=1.0, zorder=2.7))
        if look:
            colour = PAPER if look in (PASS, FAIL) else look.text
            self.chart.write(x, y, look.mark, SMALL, colour, "center")
        after = x + _RING + 0.06
        self.chart.write(after, y, self._names[place.id], BODY, INK if look else QUIET)
        lines = balance(self.told[place.id], _TEXT, SMALL, most=2)
        for n, line in enumerate(lines):
            self.chart.write(self._texts, y + (n - (len(lines) - 1) / 2) * _LINE, line, SMALL, INK if look else QUIET)

    def _tie_across(self, number: int, letter: str, here: Sequence[int]) -> None:
        x, ys = self._lanes + (number + 0.5) * _ACROSS, [self._y(i) for i in here]
        self.chart.page.plot([x, x], [ys[0], ys[-1]], color=FAINT, linewidth=1.0, linestyle="-", marker="", zorder=0.6)
        for i, y in zip(here, ys, strict=True):
            place = self.tree.places[i]
            start = self._x(place) + _RING + 0.1 + width(self._names[place.id], BODY)
            self.chart.page.plot([start, x], [y, y], color=LINE, linewidth=0.8, linestyle=":", marker="", zorder=0.5)
            self.chart.page.add_patch(Circle((x, y), 0.085, fc=PAPER, ec=FAINT, lw=0.8, zorder=2.6))
            self.chart.write(x, y, letter, _EDGE, QUIET, "center")

    def _key(self, y: float) -> None:
        """What the signs mean, those alone that are drawn."""
        x = MARGIN + _RING
        edges = [self.tree.places[i] for i in self.tree.edges]
        if self.sources:
            self.chart.page.add_patch(Circle((x, y), 0.1, fc=PAPER, ec=INK, lw=1.4))
            self.chart.page.add_patch(Circle((x, y), 0.065, fc=PAPER, ec=QUIET, lw=0.8))
            x = self._said(x + 0.2, y, "graph_key_source")
        if any(place.reached for place in edges):
            self._arrow(x + 0.34, y)
            x = self._sample(x, y, FAIL.fill, 2.2, "-")
            x = self._said(x, y, "graph_key_way")
        if not all(place.reached for place in edges):
            x = self._sample(x, y, FAINT, 1.0, "-")
            x = self._said(x, y, "graph_key_tied")
        if not all(tie.shared for tie in self.tree.edges.values()):
            x = self._sample(x, y, QUIET, 1.4, (0, (4, 2)))
            self._said(x, y, "graph_key_declared")

    def _sample(self, x: float, y: float, colour: str, weight: float, style: Any) -> float:
        self.chart.page.plot([x, x + 0.26], [y, y], color=colour, linewidth=weight, linestyle=style, marker="")
        return x + 0.42

    def _said(self, x: float, y: float, key: str) -> float:
        text = say(key, self.lang)
        self.chart.write(x, y, text, SMALL, QUIET)
        return x + width(text, SMALL) + 0.3

    def _name(self, tie: Tie) -> str:
        """The columns of a tie; of a declared one that it is declared."""
        names = [self.labels[column] for column in tie.columns]
        return listed(names, self.lang) if tie.shared else say("graph_declared", self.lang)
