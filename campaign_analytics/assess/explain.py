"""One subject's card: its verdict, and every rule in the notice's order with value, threshold, gap and origin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from campaign_analytics.assess.after_gate import after_the_gate
from campaign_analytics.assess.evidence import told as by_hand
from campaign_analytics.assess.outcomes import (
    FAIL,
    INELIGIBLE,
    NOT_APPLICABLE,
    NOT_COMPUTED,
    OUTCOMES,
    PASS,
    PRE_QUALIFIED,
    UNDETERMINED,
    UNKNOWN,
    VERDICTS,
)
from campaign_analytics.assess.scorecard import Fact
from campaign_analytics.assess.sentences import Reason, Teller
from campaign_analytics.assess.subject import Subject, find
from campaign_analytics.derive import EXPLAINED
from campaign_analytics.derive.making import Making
from campaign_analytics.engines.arrays import RULES_PER_WORD
from campaign_analytics.rulebook.quantities import kind_of
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

#: A mark beside every outcome, so that colour is never alone.
MARKS = {"pass": "✓", "fail": "✗", "unknown": "?", "not_applicable": "–", "not_computed": "…"}


@dataclass(frozen=True)
class Line:
    """One rule of a card."""

    rule: str
    label: str
    clause: str
    level: str
    severity: str
    outcome: str
    sentence: str
    reasons: tuple[Reason, ...]
    assumption: str  # what of ours the outcome rests on; empty where the notice states everything
    origins: tuple[str, ...]  # where each cell was read, or how it was made


def told(teller: Teller, rule: str, outcome: int) -> tuple[list[Reason], str]:
    """The comparisons behind a rule's outcome (a code into ``OUTCOMES``) for the teller's subject, and its sentence."""
    book, lang = teller.book, teller.lang
    tree = book.guards[rule] if outcome == NOT_APPLICABLE else book.conditions[rule]
    sentence = teller.sentence(tree)
    if outcome == NOT_APPLICABLE:
        sentence = say("does_not_apply", lang, because=sentence)
    elif outcome == UNKNOWN and teller.truth(tree) is False:  # the rule would fail, if only it applies
        sentence = say("unless_exempt", lang, what=sentence, guard=teller.sentence(book.guards[rule]))
    elif outcome == UNKNOWN and teller.subject.merchant < 0 and book.level(rule) == "merchants":
        sentence = say("no_merchant", lang)
    return teller.reasons(tree), sentence


@dataclass(frozen=True, eq=False)
class Card:
    """Why a subject qualifies or not. Shows itself as text, as HTML in a notebook, and as a dict."""

    subject: Subject
    lang: str
    others: bool = True  # whether it may name other merchants: what is to be sent to one may not

    @property
    def assessment(self) -> Assessment:
        return self.subject.assessment

    @property
    def verdict(self) -> str:
        """One of ``VERDICTS``: any blocking rule that fails, else any that is unknown, else pre-qualified."""
        outcomes = {line.outcome for line in self.lines if line.severity == "block"}
        place = INELIGIBLE if "fail" in outcomes else UNDETERMINED if "unknown" in outcomes else PRE_QUALIFIED
        return VERDICTS[place]

    @cached_property
    def title(self) -> dict[str, str]:
        """The subject's key columns by label: ids and the category (a merchant's card names no other merchant)."""
        book, names = self.assessment.book, ["merchant_id"]
        if self.subject.level == "offers":
            names = ["offer_id", "merchant_id", book.header.category]
        return {
            book.quantity(name).label(self.lang, name): str(value)
            for name in names
            if (value := self.subject.value(name)) is not None
        }

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Every active rule, in the notice's order; of a merchant its own."""
        teller = Teller(self.subject, self.lang)
        return tuple(self._line(rule, teller) for rule in self.assessment.rules_at(self.subject.level))

    @cached_property
    def after(self) -> tuple[Fact, ...]:
        """Its tiers and its places in quotas, where the rulebook has any."""
        return after_the_gate(self.subject, self.lang)

    def _line(self, rule: str, teller: Teller) -> Line:
        book = self.assessment.book
        held, outcome = book.rules[rule], self._outcome(rule)
        reasons, sentence = told(teller, rule, outcome)
        named = dict.fromkeys(reason.column for reason in reasons if reason.column)
        return Line(
            rule=rule,
            label=held.label(self.lang, rule),
            clause=held.clause[0],
            level=book.level(rule),
            severity=held.severity,
            outcome=OUTCOMES[outcome],
            sentence=sentence,
            reasons=tuple(reasons),
            assumption=self._assumption(rule),
            origins=tuple(dict.fromkeys(origin for column in named for origin in self._origins(column, teller))),
        )

    def _outcome(self, rule: str) -> int:
        assessment, level, row = self.assessment, self.subject.level, self.subject.row
        word, bit = divmod(assessment.bits[rule], RULES_PER_WORD)
        held = int(assessment.words[level][word, row])
        if held >> bit & 1:
            return FAIL
        if rule in assessment.book.guards and int(assessment.not_applicable[level][word, row]) >> bit & 1:
            return NOT_APPLICABLE
        if held >> (bit + RULES_PER_WORD) & 1:
            return NOT_COMPUTED if rule in assessment.not_computed else UNKNOWN
        return PASS

    def _assumption(self, rule: str) -> str:
        book = self.assessment.book
        held = book.rules[rule]
        told = [held.note.say(self.lang) or held.label(self.lang, rule)] if held.assumed else []
        named = [*book.parameters_of(rule)]
        for column in book.columns_of(rule):
            named += book.recipe_parameters(column) if column in book.derived else ()
        teller = Teller(self.subject, self.lang)
        for name in dict.fromkeys(named):
            parameter = book.parameters[name]
            if parameter.assumed:
                note = parameter.note.say(self.lang)
                told.append(
                    f"{parameter.label(self.lang, name)} = {teller.shown(name)}" + (f" ({note})" if note else "")
                )
        return say("and", self.lang).join(told)

    def _origins(self, column: str, teller: Teller) -> list[str]:
        """Where a cell was read and what it holds; for a derived column its recipe, then the cells that it was
        made from."""
        book = self.assessment.book
        if column not in book.columns and column not in book.derived:
            return []
        kind = kind_of(book.quantity(column), book.lists, book.header.currency)
        shown = "" if column in self.assessment.unmade else teller.shown_cell(column, kind)
        entries = self.subject.by_hand(column)
        if entries:
            held = {"column": column, "value": shown}
            return [
                say("origin_by_hand", self.lang, **held, file=each.file, row=each.row, told=by_hand([each], self.lang))
                for each in entries
            ]
        if column in book.derived:
            read = book.reads(column)
            made = {"column": column, "recipe": book.derived[column].make, "columns": ", ".join(read), "value": shown}
            ties = book.ties(column)
            own = [name for name in read if self._is_own(name) and name not in ties]
            return [
                say("origin_made", self.lang, **made),
                *self._evidence(column),
                *(told for name in own for told in self._origins(name, teller)),
            ]
        origin = self.subject.origin(column)
        if origin is None:
            return [say("origin_absent", self.lang, column=column)]
        table, header, row = origin
        return [say("origin", self.lang, column=column, table=table, header=header, row=row, value=shown)]

    def _evidence(self, column: str) -> list[str]:
        """What a recipe found for the subject, where it can show it."""
        book, market = self.assessment.book, self.assessment.market
        recipe, table = EXPLAINED.get(book.derived[column].make), book.table_of(column)
        row = self.subject.row if table == self.subject.level else self.subject.merchant
        if recipe is None or column in self.assessment.unmade or row < 0:
            return []
        making = Making(market, book, column, self.assessment.moment)
        return [found.text for found in recipe(making, row, self.lang) if self.others or not found.others]

    def _is_own(self, column: str) -> bool:
        """Whether a recipe's column stands in the subject's own rows, not in many rows of another table."""
        book, levels = self.assessment.book, (self.subject.level, "merchants")
        return (column in book.columns or column in book.derived) and book.table_of(column) in levels

    # ---- faces

    def to_dict(self) -> dict[str, Any]:
        """The card as plain values: the subject's keys, verdict, as_of, a dict a rule, and one a tier and quota."""
        return {
            "subject": self.title,
            "verdict": self.verdict,
            "as_of": self.assessment.as_of.isoformat(),
            "rules": [_line_dict(line) for line in self.lines],
            "after_the_gate": [
                {"key": fact.key, "label": fact.label, **fact.value, "text": fact.text} for fact in self.after
            ],
        }

    def __str__(self) -> str:
        lines = [
            f"{' · '.join(f'{k} {v}' for k, v in self.title.items())}: {say(self.verdict, self.lang)}",
            self._foot(),
            *(f"{fact.label}: {fact.text}" for fact in self.after),
        ]
        for line in self.lines:
            lines.append(f"{MARKS[line.outcome]} {line.clause:<12} {line.label}{self._aside(line)}: {line.sentence}")
            lines += [f"    {say('assumption', self.lang)}: {line.assumption}"] if line.assumption else []
            lines += [f"    {origin}" for origin in line.origins]
        return "\n".join(lines)

    __repr__ = __str__

    def _aside(self, line: Line) -> str:
        return f" ({say('warning_only', self.lang)})" if line.severity == "warn" else ""

    def _foot(self) -> str:
        book = self.assessment.book
        return say(
            "headline_source", self.lang, book=book.header.label(self.lang, book.id), version=book.version,
            variant=f" ({book.variant})" if book.variant else "",
            as_of=f"{self.assessment.as_of:%Y-%m-%d %H:%M}", zone=book.header.timezone,
        )  # fmt: skip

    def in_language(self, lang: str) -> Card:
        """The same card in "en" or "zh"."""
        return replace(self, lang=lang)

    def to_send(self) -> Card:
        """The same card without what names other merchants."""
        return replace(self, others=False)

    def _repr_html_(self) -> str:
        """HTML with inline styles alone and no colour of its own: the page's theme, light or dark, gives it."""
        head = " · ".join(f"{escape(k)} <b>{escape(v)}</b>" for k, v in self.title.items())
        after = "".join(f"<br>{escape(fact.label)}: <b>{escape(fact.text)}</b>" for fact in self.after)
        rows = "".join(self._html_row(line) for line in self.lines)
        titles = "".join(
            f'<th style="{_CELL};border-bottom:1px solid">{escape(say(word, self.lang))}</th>'
            for word in ("outcome", "clause", "rule", "why", "origin_title")
        )
        return (
            f'<div style="font-size:13px"><p>{head}: <b>{escape(say(self.verdict, self.lang))}</b><br>'
            f"<small>{escape(self._foot())}</small>{after}</p>"
            f'<table style="border-collapse:collapse;text-align:left;color:inherit"><thead><tr>{titles}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div>"
        )

    def _html_row(self, line: Line) -> str:
        strong = "font-weight:600" if line.outcome in ("fail", "unknown") and line.severity == "block" else ""
        note = (
            f"<br><small>{escape(say('assumption', self.lang))}: {escape(line.assumption)}</small>"
            if line.assumption
            else ""
        )
        cells = [
            f"{MARKS[line.outcome]} {escape(say(line.outcome, self.lang))}",
            escape(line.clause),
            escape(line.label + self._aside(line)),
            escape(line.sentence) + note,
            "<br>".join(f"<small>{escape(origin)}</small>" for origin in line.origins),
        ]
        widths = (*[_ONE_LINE] * 2, "min-width:8em", "", "")
        styled = zip(cells, widths, strict=True)
        return "<tr>" + "".join(f'<td style="{_CELL};{wide};{strong}">{cell}</td>' for cell, wide in styled) + "</tr>"


_ONE_LINE = "white-space:nowrap"
_CELL = "padding:3px 12px 3px 0;vertical-align:top;text-align:left"


def _line_dict(line: Line) -> dict[str, Any]:
    names = ("rule", "label", "clause", "level", "severity", "outcome", "sentence", "assumption")
    comparisons = [
        {name: _plain(getattr(reason, name)) for name in ("column", "value", "needs", "gap", "outcome")}
        for reason in line.reasons
    ]
    return {name: getattr(line, name) for name in names} | {
        "origins": list(line.origins),
        "comparisons": comparisons,
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    return sorted(value) if isinstance(value, frozenset) else str(value)


def explain(assessment: Assessment, offer_id: str | None, merchant_id: str | None, lang: str) -> Card:
    """See ``Assessment.explain``."""
    if (offer_id is None) == (merchant_id is None):
        raise ValueError("explain one subject: give either offer_id or merchant_id")
    if offer_id is not None:
        return Card(find(assessment, "offers", "offer_id", offer_id), lang)
    return Card(find(assessment, "merchants", "merchant_id", str(merchant_id)), lang)
