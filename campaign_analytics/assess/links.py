"""Which accounts are one user, and where the record of one of them costs the others: for a market's own operators.

Everything here names merchants side by side: it is not for sending to one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from campaign_analytics.assess.outcomes import FAIL, OUTCOMES
from campaign_analytics.assess.subject import find
from campaign_analytics.derive.linked import Accounts, accounts_of, similar
from campaign_analytics.derive.making import Making
from campaign_analytics.derive.months_since_event import NO_DAY, Chain, deciding, sure_events, told
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment


@dataclass(frozen=True, eq=False)
class Links:
    """The users of several accounts of a market, as ``rule`` reads them through the derived column of ``making``.

    A *cluster* is a user of several accounts of whose merchants at least one fails the rule; clusters are numbered from
    1, those with most failing merchants first.
    """

    assessment: Assessment
    rule: str
    making: Making
    lang: str

    def clusters(self) -> pd.DataFrame:
        """One row a cluster: cluster, accounts, merchants (those with a row of their own), tainted (accounts with a
        record that counts, of any day), failing (merchants), linked_only (of these, those without such a record of
        their own), offers (of the failing ones; all int64), linked_by (labels of the columns that tie them)."""
        members = self._members
        rows, tied = members < self.making.rows, self._recorded[members] != NO_DAY
        merchants = members[rows]
        failing = np.zeros(len(members), bool)
        failing[rows] = self._fails[merchants]
        offers = np.zeros(len(members), np.int64)
        offers[rows] = self._offers[merchants] * self._fails[merchants]
        number = self._cluster[members]
        sums = {
            "accounts": np.ones(len(members)), "merchants": rows, "tainted": tied, "failing": failing,
            "linked_only": failing & ~tied, "offers": offers,
        }  # fmt: skip
        counts = {name: np.bincount(number, each)[1:].astype(np.int64) for name, each in sums.items()}
        numbers = np.arange(1, len(self._users) + 1)
        return pd.DataFrame({"cluster": numbers, **counts, "linked_by": pd.array(self._linked_by(), dtype="str")})

    def accounts(self, merchant_id: str | None = None) -> pd.DataFrame:
        """One row an account of every cluster, or of one merchant's user whether it is in a cluster or not: cluster
        (0 = none), merchant_id, in_market (bool: it has a row of its own), recorded (datetime64: its own latest record
        that counts), outcome of the rule ("" without a row), steps_away (Int64) from the account whose record
        decides, and way, the steps in words (str).

        Raises ``CampaignError`` for an unknown id, with the closest one.
        """
        members = self._members if merchant_id is None else self._of_one(merchant_id)
        rows = members[members < self.making.rows]  # they come first
        nothing = [None] * (len(members) - len(rows))
        chains: list[Chain | None] = [*deciding(self.making, rows), *nothing]
        days = self._recorded[members]
        recorded = pd.Series(np.where(days == NO_DAY, 0, days).astype("datetime64[D]").astype("datetime64[s]"))
        columns = {
            "cluster": self._cluster[members],
            "merchant_id": pd.array([self._accounts.id(each) for each in members.tolist()], dtype="str"),
            "in_market": members < self.making.rows,
            "recorded": recorded.mask(days == NO_DAY),
            "outcome": pd.array([*(OUTCOMES[code] for code in self._outcome[rows]), *("" for _ in nothing)], "str"),
            "steps_away": pd.array([None if chain is None else len(chain.steps) for chain in chains], "Int64"),
            "way": pd.array([told(self.making, chain.steps, self.lang) if chain else "" for chain in chains], "str"),
        }
        return pd.DataFrame(columns).sort_values(["cluster", "steps_away", "merchant_id"], ignore_index=True)

    def ignored(self) -> pd.DataFrame:
        """Identifiers that several accounts hold and that tie nobody: column, kind ("placeholder", or "hub" for more
        accounts than may share one), value (of a placeholder alone), accounts (int64), example (a merchant_id)."""
        return self._accounts.ignored.sort_values("accounts", ascending=False, kind="stable", ignore_index=True)

    def review(self) -> pd.DataFrame:
        """Identities that are similar, not equal: alike once width, case, spaces and punctuation are left out.

        A proposal for a person to look at: no record is carried over by them. Columns: group (int64), column,
        merchant_id; groups of which all accounts are one user already are left out.
        """
        parts, first = [], 1
        for column, accounts, group in similar(self.making):
            frame = pd.DataFrame({"group": group, "account": accounts, "user": self._accounts.user[accounts]})
            frame = frame[frame.groupby("group")["user"].transform("nunique") > 1]
            codes, found = pd.factorize(frame["group"])
            ids = [self._accounts.id(each) for each in frame["account"]]
            parts.append(pd.DataFrame({"group": codes + first, "column": column, "merchant_id": ids}))
            first += len(found)
        whole = pd.concat([pd.DataFrame(columns=["group", "column", "merchant_id"]), *parts])
        whole = whole.astype({"group": np.int64, "column": "str", "merchant_id": "str"})
        return whole.sort_values("group", kind="stable", ignore_index=True)

    def ties(self, cluster: int) -> pd.DataFrame:
        """One row an account and what it shares or declares with others of a cluster, to draw them: merchant_id, tie
        (int64, the same for all that hold it), column, shared (bool: an identifier, else a declared link)."""
        held = self._accounts
        pairs = np.flatnonzero(self._cluster[held.account] == cluster)
        kind = held.kind[held.tie[pairs]]
        columns = {
            "merchant_id": pd.array([held.id(each) for each in held.account[pairs].tolist()], dtype="str"),
            "tie": pd.factorize(held.tie[pairs])[0],
            "column": pd.array(np.array(held.columns, object)[kind], dtype="str"),
            "shared": kind < held.shared,
        }
        return pd.DataFrame(columns)

    def steps(self, cluster: int) -> pd.DataFrame:
        """The ways of ``accounts`` to a cluster's merchants as one row a step: merchant_id (whose way it is), step
        (int64, from 1 on), from_id, to_id, column (by which they are tied; all str)."""
        members = np.flatnonzero(self._cluster == cluster)
        rows = members[members < self.making.rows]
        found = [
            (self._accounts.id(row), number, step.account, step.to, step.column)
            for row, chain in zip(rows.tolist(), deciding(self.making, rows), strict=True)
            for number, step in enumerate(chain.steps if chain else [], start=1)
        ]
        frame = pd.DataFrame(found, columns=["merchant_id", "step", "from_id", "to_id", "column"])
        return frame.astype({name: np.int64 if name == "step" else "str" for name in frame})

    def __str__(self) -> str:
        book, clusters = self.making.book, self.clusters()
        counts = {name: int(clusters[name].sum()) for name in ("accounts", "failing", "linked_only")}
        rule = book.rules[self.rule].label(self.lang, self.rule)
        return say("links_answer", self.lang, clusters=len(clusters), rule=rule, **counts)

    __repr__ = __str__

    # ---- inside

    @cached_property
    def _accounts(self) -> Accounts:
        return accounts_of(self.making)

    @cached_property
    def _outcome(self) -> Array:
        return self.assessment.outcome(self.rule, "merchants")

    @cached_property
    def _fails(self) -> Array:
        fails: Array = self._outcome == FAIL
        return fails

    @cached_property
    def _offers(self) -> Array:
        rows = self.assessment.market.merchant_row
        counts: Array = np.bincount(rows[rows >= 0], minlength=self.making.rows)
        return counts

    @cached_property
    def _recorded(self) -> Array:
        """(accounts,) each account's own latest record that counts, NO_DAY without one."""
        events, days = sure_events(self.making), np.full(len(self._accounts.ids), NO_DAY)
        np.maximum.at(days, events.of, events.day)
        return days

    @cached_property
    def _users(self) -> Array:
        """(clusters,) the users that are clusters, in their order."""
        user = self._accounts.user
        failing = np.bincount(user[: self.making.rows][self._fails], minlength=int(user.max(initial=-1)) + 1)
        size = np.bincount(user, minlength=len(failing))
        found = np.flatnonzero((failing > 0) & (size > 1))
        return found[np.lexsort((-size[found], -failing[found]))]

    @cached_property
    def _cluster(self) -> Array:
        """(accounts,) the number of each account's cluster, 0 for none."""
        number = np.zeros(int(self._accounts.user.max(initial=-1)) + 1, np.int64)
        number[self._users] = np.arange(1, len(self._users) + 1)
        return number[self._accounts.user]

    @cached_property
    def _members(self) -> Array:
        return np.flatnonzero(self._cluster > 0)

    def _of_one(self, merchant_id: str) -> Array:
        """The accounts of one merchant's user."""
        here = self._accounts.place(merchant_id)
        if here < 0:
            here = find(self.assessment, "merchants", "merchant_id", merchant_id).row
        return np.flatnonzero(self._accounts.user == self._accounts.user[here])

    def _linked_by(self) -> list[str]:
        held, book = self._accounts, self.making.book
        number = self._cluster[held.account]
        pairs = pd.DataFrame({"cluster": number, "column": held.kind[held.tie]})
        pairs = pairs[pairs["cluster"] > 0].drop_duplicates().sort_values(["cluster", "column"])
        labels = np.array([book.quantity(name).label(self.lang, name) for name in held.columns], object)
        return list(pairs.groupby("cluster")["column"].agg(lambda codes: say("list", self.lang).join(labels[codes])))


def links(assessment: Assessment, lang: str) -> Links:
    """See ``Assessment.links``."""
    book = assessment.book
    for rule in assessment.rules:
        for name in book.columns_of(rule):
            if name in book.derived and book.ties(name):
                return Links(assessment, rule, Making(assessment.market, book, name, assessment.moment), lang)
    raise CampaignError(f"{book.id}: no rule in force reads the records of linked accounts")
