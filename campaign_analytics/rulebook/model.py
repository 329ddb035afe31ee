"""What a rulebook file may say: its tables and keys, as they are written.

One class a table of the file. Shapes and names are checked here; what the words mean (columns, units, conditions,
defaults) is checked by ``load``.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Type = Literal["flag", "count", "number", "rate", "money", "level", "text", "set", "day", "time"]
Severity = Literal["block", "warn", "off"]
Says = Literal["these", "others", "all", "none", "rest"]
TableName = Literal["offers", "merchants", "penalties", "links", "transactions", "skus", "price_tiers", "price_history"]


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _values(value: Any) -> Any:
    return {"values": value} if isinstance(value, list) else value


OneOrMore = Annotated[tuple[str, ...], BeforeValidator(_several), Field(min_length=1)]


class Words(BaseModel):
    """One text in the two languages that we speak."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    zh: str = ""
    en: str = ""

    def say(self, lang: str) -> str:
        """The text in ``lang``, or in the other language where it has none."""
        return (self.zh or self.en) if lang == "zh" else (self.en or self.zh)


class Entry(BaseModel):
    """Any table of the file: it may carry labels and a note."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
    zh: str = ""
    en: str = ""
    note: Words = Words()

    def label(self, lang: str, otherwise: str = "") -> str:
        """The label in ``lang``, else in the other language, else ``otherwise`` (usually the id)."""
        return ((self.zh or self.en) if lang == "zh" else (self.en or self.zh)) or otherwise


class Header(Entry):
    """``[rulebook]``: what campaign this is."""

    id: str
    version: str
    effective: date
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    category: str = "category"
    clauses: tuple[str, ...]
    require: tuple[str, ...] = ()
    rank: tuple[str, ...] = ()


class Values(Entry):
    """``[lists.x]``: a level scale (lowest first), a closed vocabulary, or the universe of a set.

    An ``open`` list names the usual values and their spellings; a text outside it is kept under its own name and
    reported.
    """

    values: tuple[str, ...]
    aliases: dict[str, str] = Field(default_factory=dict)  # another spelling -> value
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # a word for several values, in cells of sets
    open: bool = False


class Quantity(Entry):
    """What columns and parameters have in common: a type, and the unit or list that goes with it."""

    type: Type
    unit: str = ""
    of: str = ""
    options: tuple[str, ...] = ()


class Parameter(Quantity):
    """``[parameters.x]``: a number, level, set ... that the notice or an assumption of ours fixes, and that may be
    moved."""

    clause: OneOrMore
    default: Any = None
    min: Any = None
    max: Any = None
    step: Any = None
    stops: tuple[Any, ...] | None = None
    by: str = ""
    values: dict[str, Any] = Field(default_factory=dict)
    scale: Any = None
    assumed: bool = False
    warn: Words | None = None


class Column(Quantity):
    """``[columns.x]``: what a table's column holds and by which headers it is known."""

    table: TableName
    aliases: tuple[str, ...] = ()
    empty: Any = None
    positive: bool = False  # 0 is impossible, as for a price: such a cell is missing, and counted
    counts: tuple[str, str] | None = None
    at_most: tuple[str, ...] = ()  # columns of the table that no cell of this one is above, where both are right
    says: dict[str, Says] = Field(default_factory=dict)  # a set: sentences in its cells, {} for names -> what they mean
    discount_of: str = ""  # money: the price that 9.5折 is taken off
    unit_in: str = ""  # a count: the column of its unit, where a cell says both
    size_in: str = ""  # a count: the column of how many pieces are in one such unit


class Derived(Quantity):
    """``[derived.x]``: a column made by a recipe of the closed catalogue before the rules run."""

    table: TableName
    make: str
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")


class Rule(Entry):
    """``[rules.x]``: one condition that a merchant or an offer must meet."""

    clause: OneOrMore
    condition: str
    when: str = ""
    phase: Literal["both", "enter", "stay"] = "both"
    severity: Severity = "block"
    group: str = ""
    follows: tuple[str, ...] = ()
    ladder: str = ""
    cure: Literal["now", "days", "slow", "no"] = "no"
    lead_days: int = Field(0, ge=0)
    weight: float = Field(1, ge=0, allow_inf_nan=False)
    fix: Words = Words()
    assumed: bool = False  # the note tells a reading of ours, shown wherever the rule decides
    data: bool = False  # tells of the data, not of a subject: where it fails, one of the cells that it reads is wrong


class Clause(Entry):
    """``[clauses]``: a clause of the notice that is no blocking rule."""

    kind: Literal["policy", "process", "benefit", "judged", "definition", "information"]
    level: Literal["", "offer", "merchant"] = ""
    grade: Literal["", "due", "unstated", "discretionary"] = ""
    when: str = ""
    warn_before_submit: bool = False  # said beside every list of near misses: what cannot be taken back
    uses: tuple[str, ...] = ()


class Ladder(Entry):
    """``[ladders.x]``: tiers, lowest first."""

    tiers: tuple[str, ...] = Field(min_length=1)


class Quota(Entry):
    """``[quotas.x]``: how many may take part after the gate, and who comes first."""

    clause: OneOrMore
    per: str
    limit: str
    order: str


class Scoring(Entry):
    """``[scoring]``: weights and scales of our own indices."""

    curable_credit: float = Field(default=0.9, ge=0, le=1)
    near_miss_groups: int = Field(default=1, ge=0)
    reference_offers: int = Field(default=20, ge=1)
    quality: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    cost: str = ""  # the money column that a lowered price is compared with


class Variant(Entry):
    """``[variants.x]``: an overlay of parameters and severities."""

    parameters: dict[str, Any] = Field(default_factory=dict)
    severity: dict[str, Severity] = Field(default_factory=dict)


class Document(BaseModel):
    """A whole rulebook file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    rulebook: Header
    units: dict[str, Words] = Field(default_factory=dict)
    lists: dict[str, Annotated[Values, BeforeValidator(_values)]] = Field(default_factory=dict)
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    columns: dict[str, Column] = Field(default_factory=dict)
    derived: dict[str, Derived] = Field(default_factory=dict)
    rules: dict[str, Rule] = Field(default_factory=dict)
    clauses: dict[str, Clause] = Field(default_factory=dict)
    ladders: dict[str, Ladder] = Field(default_factory=dict)
    quotas: dict[str, Quota] = Field(default_factory=dict)
    scoring: Scoring = Scoring()
    variants: dict[str, Variant] = Field(default_factory=dict)


class Vocabulary(BaseModel):
    """The shared vocabulary file: units, lists and columns alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    units: dict[str, Words] = Field(default_factory=dict)
    lists: dict[str, Annotated[Values, BeforeValidator(_values)]] = Field(default_factory=dict)
    columns: dict[str, Column] = Field(default_factory=dict)
