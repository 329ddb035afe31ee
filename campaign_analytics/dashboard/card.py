"""Choose a merchant, and of it the merchant itself or an offer: what to do, and the card that says why."""

from __future__ import annotations

from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import numpy as np

from campaign_analytics.assess.explain import MARKS
from campaign_analytics.assess.outcomes import INELIGIBLE, PRE_QUALIFIED, VERDICTS
from campaign_analytics.assess.subject import Subject
from campaign_analytics.charts.palette import VERDICTS as LOOKS
from campaign_analytics.market.schema import Array
from campaign_analytics.report.people import repairs_told
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

MOST: Final = 200  # entries of a list: what a browser shows at once, and a person looks through


class CardChooser:
    """A search field, a list of merchants (those that lose most offers first), one of their offers, and the card.

    Shown as widgets where there is a kernel, as the first card's HTML everywhere else.
    """

    def __init__(self, assessment: Assessment, lang: str = "en") -> None:
        self.assessment, self.lang = assessment, lang
        style = {"description_width": "initial"}
        search, merchant, subject = (widgets.Layout(width=width) for width in ("260px", "430px", "300px"))
        self.search = widgets.Text(
            description=say("chooser_search", lang), placeholder=say("chooser_hint", lang), layout=search, style=style
        )
        self.merchant = widgets.Dropdown(description=say("chooser_of", lang), layout=merchant, style=style)
        self.subject = widgets.Dropdown(description=say("chooser_card_of", lang), layout=subject, style=style)
        self.card = widgets.HTML(layout=widgets.Layout(width="100%", overflow="auto"))
        row = widgets.HBox([self.search, self.merchant, self.subject], layout=widgets.Layout(flex_flow="row wrap"))
        self.box = widgets.VBox([row, self.card])
        self.search.observe(self._on_search, "value")
        self.merchant.observe(self._on_merchant, "value")
        self.subject.observe(self._on_subject, "value")
        self._on_search()

    def _repr_mimebundle_(self, **asked: Any) -> dict[str, Any]:
        live: dict[str, Any] = self.box._repr_mimebundle_(**asked)
        return live | {"text/html": self.card.value, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"CardChooser({self.merchant.label!r}, {self.subject.label!r})"

    # ---- what there is to choose

    @cached_property
    def _counts(self) -> tuple[Array, Array]:
        """(merchants,) offers, and those of them that qualify."""
        rows, verdict = self.assessment.market.merchant_row, self.assessment.verdict("offers")
        merchants = self.assessment.market.merchants.rows
        joined = rows >= 0
        good = joined & (verdict == PRE_QUALIFIED)
        return np.bincount(rows[joined], minlength=merchants), np.bincount(rows[good], minlength=merchants)

    @cached_property
    def _order(self) -> Array:
        """(merchants,) rows, those that lose most offers first."""
        offers, good = self._counts
        return np.argsort(good - offers, kind="stable")

    @cached_property
    def _ids(self) -> Any:
        """Every merchant's id in lower case, as a pandas series."""
        return self.assessment.market.merchants.cells["merchant_id"].to_pandas().astype("str").str.lower()

    def _merchants(self, part: str) -> list[tuple[str, int]]:
        hit = self._ids.str.contains(part.strip().lower(), regex=False).fillna(False).to_numpy(bool)
        rows = self._order[hit[self._order]][:MOST].tolist()
        offers, good = self._counts
        verdict = self.assessment.verdict("merchants")
        return [(self._told(row, verdict[row], int(offers[row]), int(good[row])), row) for row in rows]

    def _told(self, row: int, verdict: int, offers: int, good: int) -> str:
        """A merchant as the list names it."""
        mark, merchant = LOOKS[VERDICTS[verdict]].mark, Subject(self.assessment, "merchants", row).value("merchant_id")
        return say("chooser_merchant", self.lang, mark=mark, id=merchant, offers=offers, good=good)

    def _subjects(self, merchant: int) -> list[tuple[str, tuple[str, int]]]:
        """The merchant itself, then its offers: those that fail least first, those that qualify last."""
        held, verdict = self.assessment.patterns("offers"), self.assessment.verdict("offers")
        rows = np.flatnonzero(self.assessment.market.merchant_row == merchant)
        rows = rows[np.lexsort((held.failing[held.of[rows]], verdict[rows] != INELIGIBLE))][:MOST]
        offers = [
            (f"{LOOKS[VERDICTS[verdict[row]]].mark} {Subject(self.assessment, 'offers', row).value('offer_id')}", row)
            for row in rows.tolist()
        ]
        own: list[tuple[str, tuple[str, int]]] = [(say("merchant_own", self.lang), ("merchants", merchant))]
        return own + [(label, ("offers", row)) for label, row in offers]

    # ---- what a choice does

    def _on_search(self, _: Any = None) -> None:
        found = self._merchants(self.search.value)
        self.merchant.options = found
        if found:
            self.merchant.value = found[0][1]
        else:
            self.subject.options = ()
            self.card.value = f"<p>{escape(say('chooser_none', self.lang, part=self.search.value))}</p>"

    def _on_merchant(self, _: Any = None) -> None:
        if self.merchant.value is not None:
            self.subject.options = found = self._subjects(self.merchant.value)
            self.subject.value = found[0][1]

    def _on_subject(self, _: Any = None) -> None:
        if self.subject.value is not None:
            level, row = self.subject.value
            self.card.value = self._html(level, row)

    def _html(self, level: str, row: int) -> str:
        """What to do, then the card."""
        key = f"{level[:-1]}_id"
        asked = {key: str(Subject(self.assessment, "offers" if level == "offers" else "merchants", row).value(key))}
        card = self.assessment.explain(**asked, lang=self.lang)
        to_do = repairs_told(self.assessment.fixes(**asked, lang=self.lang), self.lang)
        listed = "".join(f"<li>{escape(each)}</li>" for each in to_do)
        heading = escape(say("chooser_to_do", self.lang))
        before = f"<p><b>{MARKS['fail']} {heading}</b></p><ul>{listed}</ul>" if to_do else ""
        return f'<div style="line-height:1.45">{before}{card._repr_html_()}</div>'
