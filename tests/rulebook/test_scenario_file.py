"""A scenario's file: small, exact, and only written over by another scenario."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from campaign_analytics import Scenario, load_rulebook, load_scenario
from campaign_analytics.errors import CampaignError, ValueFault
from campaign_analytics.rulebook.book import SEVERITIES, Rulebook
from campaign_analytics.rulebook.exact import PerValue
from tests.rulebook.conftest import WHOLE
from tests.rulebook.fair import changed, saved

pytestmark = pytest.mark.filterwarnings("ignore::campaign_analytics.errors.RulebookWarning")

SHIPPED = {"spring_2024": [None, "corrected", "claims_block"], "daily_deals": [None, "peak"]}


def test_the_file_is_small_and_names_its_rulebook(fair: Rulebook, whole: Scenario, tmp_path: Path) -> None:
    path = whole.save(tmp_path / "wider.toml")
    assert (
        path.read_text("utf-8")
        == f"""[scenario]
rulebook = "fair"
version = "2"
hash = "{fair.hash}"
zh = "放宽"
en = "Wider"
author = "Kim"

[parameters]
opens = 2031-05-31T08:30:00
most_days = 7
least_left = "none"
"share[Fish]" = "82.5%"
ranked = "master"
admitted = ["Fish", "Fruit"]
strict = false
"tasted[gold]" = 4.75

[severity]
fresh = "off"
paid_by_card = "block"
"""
    )


def test_it_comes_back_from_its_file(fair: Rulebook, whole: Scenario, tmp_path: Path) -> None:
    loaded = load_scenario(whole.save(tmp_path / "a folder" / "wider.toml"), fair)
    assert loaded == whole
    assert hash(loaded) == hash(whole)
    assert loaded.baseline is fair
    assert (loaded.name, loaded.author) == (whole.name, whole.author)
    assert loaded != fair.scenario("Wider", WHOLE)
    assert loaded != "wider"


def raws(book: Rulebook, name: str) -> st.SearchStrategy[Any]:
    """Values of a parameter's type, in and out of its bounds, on and off its grid."""
    held = book.parameters[name]
    names = st.sampled_from(book.names_of(held)) if book.names_of(held) else st.text().filter(lambda t: t != "none")
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "flag": st.booleans(),
        "count": st.integers(-(10**15) + 1, 10**15 - 1),
        "number": st.decimals(-1000, 1000, allow_nan=False) | st.decimals(-5, 5, places=22),
        "rate": st.decimals(-2, 10**14, places=6) | st.integers(-300, 300).map("{}%".format),
        "money": st.decimals(-(10**12), 10**12, places=2),
        "level": names,
        "text": names,
        "set": st.frozensets(names),
        "day": st.dates(),
        "time": st.datetimes(datetime(1, 1, 3)),
    }
    placed = [st.sampled_from(book.places(name))] if book.places(name) else []
    return st.one_of(st.none(), kinds[held.type], *placed)


def places(book: Rulebook) -> list[str]:
    """Every place where a value may be set."""
    found = list(book.parameters)
    for name, bound in book.values.items():
        if isinstance(bound, PerValue):
            ladder = book.document.ladders.get(bound.by)
            names = ladder.tiers if ladder else book.names_of(book.columns[bound.by])
            found += [f"{name}[{each}]" for each in names]
    return found


def put(book: Rulebook, changes: Mapping[str, Any]) -> Rulebook:
    try:
        return book.set(changes)
    except ValueFault as fault:
        assume("contradict" not in str(fault) and "too many digits" not in str(fault))
        raise


def spread(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values with their types, a parameter's by what they are for; in what order these were set is no difference."""
    told: dict[str, dict[str, Any]] = {}
    for name, bound in values.items():
        each = {"": bound.default, **dict(bound.values)} if isinstance(bound, PerValue) else {"": bound}
        told[name] = {of: (type(value), value) for of, value in each.items()}
    return told


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request: pytest.FixtureRequest) -> list[Rulebook]:
    """A shipped rulebook, as it is and with each of its variants on top."""
    return [load_rulebook(request.param, variant) for variant in SHIPPED[request.param]]


@settings(max_examples=100)
@given(data=st.data())
def test_every_scenario_comes_back_from_its_file(shipped: list[Rulebook], folder: Path, data: st.DataObject) -> None:
    book = data.draw(st.sampled_from(shipped))
    chosen = data.draw(st.lists(st.sampled_from(places(book)), unique=True, max_size=12))
    changes = {place: data.draw(raws(book, place.partition("[")[0]), place) for place in chosen}
    before = data.draw(st.integers(0, len(chosen)))  # so many are set in the baseline already
    baseline = put(book, {place: changes[place] for place in chosen[:before]})
    put(baseline, changes)
    scenario = baseline.scenario(
        {"zh": "名", "en": data.draw(st.text())},
        changes,
        severity=data.draw(st.dictionaries(st.sampled_from(list(book.rules)), st.sampled_from(SEVERITIES), max_size=4)),
        author=data.draw(st.text()),
    )
    loaded = load_scenario(scenario.save(folder / "any.toml"), baseline)
    assert loaded == scenario
    assert (loaded.name, loaded.author) == (scenario.name, scenario.author)
    assert (loaded.changes, loaded.severity) == (scenario.changes, scenario.severity)
    assert spread(loaded.book.values) == spread(scenario.book.values)
    assert [rule.severity for rule in loaded.book.rules.values()] == [
        rule.severity for rule in scenario.book.rules.values()
    ]
    assert loaded.diff().equals(scenario.diff())


EXACT: list[tuple[str, Any]] = [
    ("share", Decimal("0.1234567890123456789012345678")),
    ("share", "0.0000000000000000000000000001%"),
    ("share", Decimal("999999999999999")),
    ("share", "-1e-20"),
    ("tasted", Decimal("1E+14")),
    ("tasted", Decimal("1E-28")),
    ("opens", datetime(2031, 5, 31, 8, 30, 1, 23)),
    ("opens", datetime(2030, 10, 27, 2, 30, fold=0)),  # clocks show this hour twice
    ("opens", datetime(2030, 10, 27, 2, 30, fold=1)),
    ("opens", datetime(2031, 3, 30, 2, 30)),  # and this one not at all
    ("opens", date(2031, 5, 31)),
]


@pytest.mark.parametrize(("name", "raw"), EXACT)
def test_no_digit_and_no_instant_is_lost(fair: Rulebook, folder: Path, name: str, raw: Any) -> None:
    scenario = fair.scenario("Exact", {name: raw})
    loaded = load_scenario(scenario.save(folder / "exact.toml"), fair)
    assert loaded.changes == scenario.changes
    was, now = scenario.changes[name], loaded.changes[name]
    if isinstance(was, datetime) and isinstance(now, datetime):
        assert (now.timestamp(), now.microsecond) == (was.timestamp(), was.microsecond)


def test_names_are_escaped(fair: Rulebook, folder: Path) -> None:
    for text in ('"""', "a\nb\r\n", "\\", "\x00\x1f\x7f", "']\n[severity]", "<script>", "名 😀 \u2028"):
        loaded = load_scenario(fair.scenario(text, author=text).save(folder / "escaped.toml"), fair)
        assert (loaded.name.zh, loaded.name.en, loaded.author) == (text, text, text)


def test_a_category_outside_an_open_list_may_have_any_name(folder: Path) -> None:
    low = 'low = { type = "rate", clause = "4", by = "category", default = "1%" }'
    text = changed(("[columns]\n", f"{low}\n[columns]\n"), ('when = "usual > 0"', 'when = "usual > :low * usual"'))
    book = load_rulebook(saved(folder, text))
    place = 'low[家 "用" \\ = #\n]'
    loaded = load_scenario(book.scenario("Any", {place: "2%"}).save(folder / "open.toml"), book)
    assert loaded.changes == {place: Decimal("0.02")}


# ---- the baseline


def test_the_file_tells_all_that_differs_from_the_rulebook_as_it_is_written(fair: Rulebook, folder: Path) -> None:
    """A baseline in which something was set already is only what the scenario is compared with."""
    moved = fair.set(most_days=6, stalls=4).switch({"tasty": "off"})
    scenario = moved.scenario("More", most_days=7)
    assert scenario.changes == {"most_days": 7}
    path = scenario.save(folder / "more.toml")
    assert load_scenario(path, moved).changes == {"most_days": 7}
    assert load_scenario(path, fair).changes == {"most_days": 7, "stalls": 4}
    assert load_scenario(path, fair).severity == {"tasty": "off"}
    assert load_scenario(path, fair.set(least_left=5)).changes == {"most_days": 7, "stalls": 4, "least_left": 2}


def test_a_scenario_of_a_variant_names_it_and_holds_only_what_is_changed_on_top(fair: Rulebook, folder: Path) -> None:
    calm = load_rulebook(fair.path, "calm")
    scenario = calm.scenario("Calmer", {"share[Bread]": "60%"}, severity={"paid_by_card": "warn"})
    assert scenario.changes == {"share[Bread]": Decimal("0.6")}
    assert 'variant = "calm"' in scenario.toml
    loaded = load_scenario(scenario.save(folder / "calmer.toml"), calm)
    assert loaded == scenario
    assert loaded.book.values["most_days"] == 7
    assert loaded.book.variant == "calm"
    assert loaded.book.rules["paid_by_card"].severity == "warn"


# ---- saving


def test_an_earlier_scenario_is_written_over_and_nothing_else(fair: Rulebook, whole: Scenario, tmp_path: Path) -> None:
    path = whole.save(tmp_path / "wider.toml")
    path.write_text(f"# of May\n{path.read_text('utf-8')}", "utf-8")
    assert load_scenario(fair.scenario("Longer", most_days=9).save(path), fair).changes == {"most_days": 9}
    rulebook = saved(tmp_path)
    before = rulebook.read_bytes()
    with pytest.raises(CampaignError, match=r"fair\.toml: is there already and is no scenario; choose another name"):
        whole.save(rulebook)
    assert rulebook.read_bytes() == before


def test_what_cannot_be_written_is_refused_and_leaves_what_was_there(
    fair: Rulebook, whole: Scenario, tmp_path: Path
) -> None:
    for wrong in (tmp_path, "a\0b", saved(tmp_path) / "below"):
        with pytest.raises(CampaignError, match=r"cannot be written \("):
            whole.save(wrong)
    path = whole.save(tmp_path / "wider.toml")
    with pytest.raises(CampaignError, match="cannot be written"):
        fair.scenario("Longer \ud800").save(path)
    assert load_scenario(path, fair) == whole
