"""A loaded rulebook: its warnings, its hash, its variants, and other values put in."""

from __future__ import annotations

import re
import warnings
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from campaign_analytics import load_rulebook
from campaign_analytics.errors import RulebookWarning, ValueFault
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.exact import PerValue
from campaign_analytics.rulebook.load import load_vocabulary
from tests.rulebook.fair import changed, saved

# ---- warnings


def test_the_notices_literal_window_warns_and_the_corrected_one_does_not() -> None:
    with pytest.warns(RulebookWarning, match=r"spring_2024: enrol_from: .*377 days.*'corrected'") as caught:
        book = load_rulebook("spring_2024")
    assert len(caught) == 1
    assert caught[0].filename == __file__  # it points at whoever loads
    assert book.values["enrol_from"] == datetime(2023, 2, 23, tzinfo=book.zone)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        corrected = load_rulebook("spring_2024", "corrected")
    assert corrected.values["enrol_from"] == datetime(2024, 2, 23, tzinfo=book.zone)
    assert (corrected.hash, corrected.variant, book.variant) == (book.hash, "corrected", None)


WARNED = [
    ('en = "Fresh"\n', "", "rules.fresh", "has no en label; its id is shown"),
    (', zh = "要价", en = "Asked" }', " }", "columns.asked", "has no zh and no en label; its id is shown"),
    (', Fish = "75%"', "", "parameters.share.values", "no value for Fish, Fruit and no default: unknown there"),
]


@pytest.mark.parametrize(("old", "new", "place", "message"), WARNED)
def test_what_a_reader_should_know_is_a_warning_with_its_line(
    tmp_path: Path, old: str, new: str, place: str, message: str
) -> None:
    text = changed((old, new), ('"share[Fish]" = "80%"', '"share[Bread]" = "80%"'))
    told = {fault.place: fault for fault in load_rulebook(saved(tmp_path, text)).warnings}
    assert told[place].message == message
    assert told[place].line


def test_a_value_for_a_name_outside_an_open_list_is_a_warning(tmp_path: Path) -> None:
    low = 'low = { type = "rate", clause = "4", by = "category", values = { "家用电气" = "5%" }, default = "1%" }'
    text = changed(
        ("[columns]\n", f"{low}\n[columns]\n"),
        ('when = "usual > 0"', 'when = "usual > :low * usual"'),
        ("require = [", 'require = [":share > 0", '),
    )
    (fault,) = [
        f
        for f in load_rulebook(saved(tmp_path, text)).warnings
        if "label" not in f.message and f.place.startswith("parameters.low")
    ]
    assert fault.message == "'家用电气' is not a value of 'category'; did you mean '家用电器'?"


# ---- what is in force


def test_rules_come_in_the_order_of_the_clauses(fair: Rulebook) -> None:
    assert list(fair.rules) == [
        "in_time",
        "fresh",
        "enough",
        "cheap",
        "known_trader",
        "aisle_open",
        "tasty",
        "paid_by_card",
    ]


def test_active_rules_are_on_no_ladder_of_the_first_phase_awake_and_not_off(fair: Rulebook, tmp_path: Path) -> None:
    assert fair.active == ("in_time", "fresh", "enough", "cheap", "known_trader", "aisle_open", "paid_by_card")
    assert "paid_by_card" not in load_rulebook(fair.path, "calm").active
    stay = changed(
        ('condition = "today - baked <= :most_days"', 'phase = "stay"\ncondition = "today - baked <= :most_days"')
    )
    assert "fresh" not in load_rulebook(saved(tmp_path, stay)).active


def test_a_rule_whose_parameter_is_not_set_is_dormant(fair: Rulebook) -> None:
    assert "fresh" not in fair.set(most_days="none").active
    assert "fresh" in fair.set(most_days="none").set(most_days=7).active


def test_a_rule_whose_recipe_lacks_a_parameter_that_it_needs_is_dormant(fair: Rulebook) -> None:
    assert fair.active[-1] == "paid_by_card"
    assert "paid_by_card" not in fair.set(strict="none").active


@pytest.mark.filterwarnings("ignore::campaign_analytics.errors.RulebookWarning")
def test_an_argument_that_may_be_left_out_may_be_a_parameter_that_is_not_set() -> None:
    book = load_rulebook("spring_2024")
    assert book.values["max_link_depth"] is None
    assert "fake_trading" in book.active
    assert "minimum_order" not in book.set(piece_units="none").active


def test_levels_follow_from_the_columns(fair: Rulebook) -> None:
    assert {rule: fair.level(rule) for rule in ("fresh", "cheap", "known_trader")} == {
        "fresh": "offers", "cheap": "offers", "known_trader": "merchants",
    }  # fmt: skip


def test_required_columns_are_those_that_rules_in_force_and_quotas_read_also_through_recipes(fair: Rulebook) -> None:
    assert fair.required == {"paid_at", "baked", "crates", "asked", "usual", "aisle", "rank_held", "by_card", "taste"}
    assert "baked" not in fair.set(most_days="none").required


# ---- the hash


SAME = [
    ('en = "Fresh"', 'en = "Baked today"'),
    ('zh = "新鲜"', 'zh = "当天"\nnote = { zh = "注", en = "A note" }\nfix = { en = "Bake" }'),
    ('en = "Food fair"', 'en = "Fair of food"'),
    ("[scoring]", "# a remark\n[scoring]"),
    ('en = "crates"', 'en = "boxes"'),
]
OTHER = [
    ("default = 5, min", "default = 6, min"),
    ('version = "2"', 'version = "2.1"'),
    ('Bread = "50%"', 'Bread = "55%"'),
    ("BETWEEN :least_left AND", "NOT BETWEEN :least_left AND"),
    ('condition = "taste >= :tasted"', 'severity = "off"\ncondition = "taste >= :tasted"'),
    ("stops = [1, 2, 5, 10]", "stops = [2, 5, 10]"),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_the_hash_ignores_labels_and_notes(fair: Rulebook, tmp_path: Path, old: str, new: str) -> None:
    assert load_rulebook(saved(tmp_path, changed((old, new)))).hash == fair.hash


@pytest.mark.parametrize(("old", "new"), OTHER)
def test_the_hash_changes_with_the_content(fair: Rulebook, tmp_path: Path, old: str, new: str) -> None:
    assert load_rulebook(saved(tmp_path, changed((old, new)))).hash != fair.hash


def test_what_is_only_named_like_a_label_is_content(tmp_path: Path) -> None:
    """A rule called note; a list whose values are languages."""
    languages = (
        ('["Bread", "Fish", "Fruit"]', '["en", "zh"]'),
        ('"面包" = "Bread"', '"面包" = "en"'),
        ('default = ["Bread", "Fish"]', 'default = ["en"]'),
        ('"share[Fish]"', '"share[zh]"'),
        ("[rules.fresh]", "[rules.note]"),
    )
    texts = [
        changed(*languages, ('Bread = "50%", Fish = "75%"', f'en = "{rate}", zh = "75%"')) for rate in ("50%", "55%")
    ]
    one, two = (load_rulebook(saved(tmp_path, text)).hash for text in texts)
    three = load_rulebook(saved(tmp_path, texts[1].replace("baked <= :most_days", "baked < :most_days"))).hash
    assert len({one, two, three}) == 3


def test_the_hash_does_not_depend_on_the_order_of_keys(fair: Rulebook, tmp_path: Path) -> None:
    text = changed(('id = "fair"\nversion = "2"', 'version = "2"\nid = "fair"'))
    assert load_rulebook(saved(tmp_path, text)).hash == fair.hash


# ---- other values


SET: list[tuple[str, Any, Any]] = [
    ("most_days", "7", 7),
    ("least_left", 10, 10),
    ("ranked", "master", "master"),
    ("admitted", "Fish、Fruit", frozenset({"Fish", "Fruit"})),
    ("admitted", [], frozenset()),
    ("strict", "false", False),
    ("opens", "2031-06-02", datetime(2031, 6, 2)),
    ("most_days", "none", None),
    ("most_days", None, None),
]


@pytest.mark.parametrize(("name", "raw", "value"), SET)
def test_a_value_is_spelled_as_in_the_file(fair: Rulebook, name: str, raw: Any, value: Any) -> None:
    book = fair.set({name: raw})
    expected = value.replace(tzinfo=book.zone) if isinstance(value, datetime) else value
    assert book.values[name] == expected
    assert {n: v for n, v in book.values.items() if n != name} == {n: v for n, v in fair.values.items() if n != name}
    assert book.warnings == fair.warnings
    assert fair.values["most_days"] == 5  # the rulebook itself is never changed


def test_one_value_of_a_parameter_that_varies_is_set_alone_and_the_default_alone(fair: Rulebook) -> None:
    fish, bread = ("Fish", Decimal("0.75")), ("Bread", Decimal("0.5"))
    assert fair.values["share"] == PerValue("aisle", (bread, fish), None)
    assert fair.set({"share[Fish]": "80%"}).values["share"] == PerValue(
        "aisle", (bread, ("Fish", Decimal("0.8"))), None
    )
    assert fair.set({"share[Fruit]": "5%"}).values["share"] == PerValue(
        "aisle", (bread, fish, ("Fruit", Decimal("0.05"))), None
    )
    assert fair.set({"share[Fish]": "none"}).values["share"] == PerValue("aisle", (bread,), None)
    assert fair.set(share="90%").values["share"] == PerValue("aisle", (bread, fish), Decimal("0.9"))
    assert fair.set({"tasted[gold]": 5}).values["tasted"] == PerValue(
        "awards", (("bronze", Decimal(3)), ("gold", Decimal(5))), None
    )


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"most_day": 7}, "unknown parameter 'most_day'; did you mean 'most_days'?"),
    ({"crates": 7}, "unknown parameter 'crates'"),
    ({"most_days": "a week"}, "most_days: 'a week' is no count; write it like 60"),
    ({"most_days": 7.5}, "most_days: 7.5 is no count: it has parts of a whole"),
    ({"ranked": "lord"}, "ranked: 'lord' is not in the list (novice、trader、master)"),
    ({"admitted": "Fish、Meat"}, "admitted: 'Meat' is not in the list"),
    ({"strict": "maybe"}, "strict: 'maybe' is no flag; write true or false"),
    ({"most_days[Fish]": 7}, "most_days has one value for all; it does not vary by column"),
    ({"share[Fsh]": "50%"}, "share: 'Fsh' is not a value of 'aisle'; did you mean 'Fish'?"),
    ({"share[Fish]": "half"}, "share: 'half' is no rate"),
    ({"tasted[silver]": 4}, "tasted: 'silver' is not a value of 'awards'"),
    ({"share[]": 4}, "unknown parameter 'share[]'"),
    ({"opens": "2031-07-01"}, "these values contradict each other: :opens < :closes must hold"),
    ({"most_left": 1}, "these values contradict each other: :least_left <= :most_left must hold"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_refused_values_say_what_is_allowed(fair: Rulebook, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueFault, match=re.escape(message)):
        fair.set(changes)


def test_values_that_contradict_one_by_one_may_agree_together(fair: Rulebook) -> None:
    book = fair.set(opens="2031-07-01", closes="2031-07-02")
    assert book.requirements() == {":opens < :closes": True, ":least_left <= :most_left": True}


def test_a_requirement_on_a_parameter_that_is_not_set_says_nothing(fair: Rulebook) -> None:
    assert fair.set(most_left="none").requirements() == {":opens < :closes": True}


def test_a_requirement_holds_for_every_value_of_a_parameter_that_varies(tmp_path: Path) -> None:
    book = load_rulebook(saved(tmp_path, changed(("require = [", 'require = [":share > 0", '))))
    assert book.requirements()[":share > 0"]
    with pytest.raises(ValueFault, match=":share > 0 must hold"):
        book.set({"share[Fish]": "0%"})
    with pytest.raises(ValueFault, match=":share > 0 must hold"):
        book.set(share="0%")


BEYOND = [
    ("most_days", 31, "31 days is out of bounds: expected 0 days to 30 days"),
    ("least_left", 0, "0 crates is out of bounds: expected 1 crates to 10 crates"),
    ("share[Fish]", "101%", "101% is out of bounds: expected 0% to 100%"),
]


@pytest.mark.parametrize(("name", "raw", "message"), BEYOND)
def test_a_value_out_of_bounds_is_taken_and_warned_of(fair: Rulebook, name: str, raw: Any, message: str) -> None:
    (warned,) = [fault for fault in fair.set({name: raw}).warnings if fault.place == name]
    assert warned.message == message


def test_a_value_off_the_grid_is_taken_as_it_is(fair: Rulebook) -> None:
    book = fair.set({"share[Fish]": "77.7%"})
    assert book.warnings == fair.warnings
    assert dict(book.values["share"].values)["Fish"] == Decimal("0.777")  # type: ignore[union-attr]


# ---- the shared vocabulary


def test_the_vocabulary_itself_has_no_fault(tmp_path: Path) -> None:
    """Its lists and columns pass the checks that a rulebook's own must pass."""
    from campaign_analytics.rulebook.check import Checker
    from campaign_analytics.rulebook.model import Document

    words = load_vocabulary()
    head = {"rulebook": {"id": "x", "version": "1", "effective": "2031-01-01", "clauses": []}}
    document = Document.model_validate({**head, "lists": words.lists, "columns": words.columns, "units": words.units})
    checker = Checker(document, {}, {})
    checker.run()
    assert checker.faults == []
    assert checker.warnings == []


def test_a_parameter_and_a_column_may_have_one_name(tmp_path: Path) -> None:
    text = changed(
        (
            "[columns]\n",
            'crates = { type = "count", unit = "crates", clause = "3", default = 3 }\n[columns]\n',
        ),
        ("crates BETWEEN", "crates >= :crates AND crates BETWEEN"),
    )
    assert load_rulebook(saved(tmp_path, text)).parameters_of("enough") == ("crates", "least_left", "most_left")
