"""A scenario: values changed and rules switched under a name; checked like the rulebook, kept in a file, told as a
table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from campaign_analytics import Scenario, load_rulebook, load_scenario
from campaign_analytics.errors import CampaignError, RulebookError, ValueFault
from campaign_analytics.rulebook.book import SEVERITIES, Rulebook
from campaign_analytics.rulebook.exact import PerValue
from tests.rulebook.fair import changed, saved

pytestmark = pytest.mark.filterwarnings("ignore::campaign_analytics.errors.RulebookWarning")

SHIPPED = {"spring_2024": [None, "corrected", "claims_block"], "daily_deals": [None, "peak"]}
WHOLE = {
    "most_days": 7,
    "share[Fish]": "82.5%",
    "tasted[gold]": 4.75,
    "admitted": ["Fruit", "Fish"],
    "ranked": "master",
    "strict": False,
    "opens": "2031-05-31T08:30:00",
    "least_left": None,
}


@pytest.fixture(scope="module")
def fair(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    return load_rulebook(saved(tmp_path_factory.mktemp("fair")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scenarios")


@pytest.fixture
def whole(fair: Rulebook) -> Scenario:
    """One change of every kind."""
    return fair.scenario(
        {"zh": "放宽", "en": "Wider"}, WHOLE, off=["fresh"], severity={"paid_by_card": "block"}, author="Kim"
    )


# ---- what it holds


def test_it_holds_what_differs_typed_by_place(fair: Rulebook, whole: Scenario) -> None:
    assert whole.changes == {
        "opens": datetime(2031, 5, 31, 8, 30, tzinfo=fair.zone),
        "most_days": 7,
        "least_left": None,
        "share[Fish]": Decimal("0.825"),
        "ranked": "master",
        "admitted": frozenset({"Fish", "Fruit"}),
        "strict": False,
        "tasted[gold]": Decimal("4.75"),
    }
    assert whole.off == ("fresh",)
    assert whole.severity == {"fresh": "off", "paid_by_card": "block"}
    assert whole.baseline is fair
    assert whole.book.values == fair.set(WHOLE).values
    assert "fresh" not in whole.book.active
    assert whole.book.rules["paid_by_card"].severity == "block"


def test_a_value_set_to_what_it_is_anyway_is_no_change(fair: Rulebook) -> None:
    scenario = fair.scenario("Same", {"share[Fish]": "75.0%"}, most_days="5", severity={"fresh": "block"})
    assert (scenario.changes, scenario.severity, scenario.off) == ({}, {}, ())


def test_values_may_be_given_by_keyword(fair: Rulebook) -> None:
    assert fair.scenario("Longer", {"stalls": 3}, most_days="7").changes == {"most_days": 7, "stalls": 3}


def test_one_rule_may_be_named_alone(fair: Rulebook) -> None:
    assert fair.scenario("Stale", off="fresh").off == ("fresh",)


def test_a_name_in_one_text_is_its_name_in_both_languages(fair: Rulebook, whole: Scenario) -> None:
    assert [fair.scenario("Longer").name.say(lang) for lang in ("zh", "en")] == ["Longer", "Longer"]
    assert [whole.name.say(lang) for lang in ("zh", "en")] == ["放宽", "Wider"]


def test_a_value_of_one_category_taken_out_falls_to_the_value_of_all_others(fair: Rulebook) -> None:
    scenario = fair.scenario("Bread only", {"share[Fish]": "none"}, share="20%")
    assert scenario.changes == {"share": Decimal("0.2"), "share[Fish]": None}


def test_a_value_out_of_bounds_is_warned_of_and_counts(fair: Rulebook) -> None:
    scenario = fair.scenario("Stale", most_days=31)
    (warned,) = scenario.warnings
    assert str(warned) == "most_days: 31 days is out of bounds: expected 0 days to 30 days"
    assert scenario.changes == {"most_days": 31}


def test_only_the_last_value_is_warned_of(fair: Rulebook) -> None:
    assert fair.set(most_days=31).scenario("Fresh", most_days=3).book.warnings == fair.warnings


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"most_day": 7}, "unknown parameter 'most_day'; did you mean 'most_days'?"),
    ({"most_days": "a week"}, "most_days: 'a week' is no count; write it like 60"),
    ({"ranked": "lord"}, "ranked: 'lord' is not in the list (novice、trader、master)"),
    ({"admitted": {"Fish": 1}}, "admitted: {'Fish': 1} is no list of names"),
    ({"share[Fsh]": "50%"}, "share: 'Fsh' is not a value of 'aisle'; did you mean 'Fish'?"),
    ({"opens": "0001-01-01T00:00:00+14:00"}, "opens: '0001-01-01T00:00:00+14:00' is no time"),
    ({"opens": "2031-07-01"}, "these values contradict each other: :opens < :closes must hold"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED)
def test_refused_values_say_what_is_allowed(fair: Rulebook, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueFault, match=re.escape(message)):
        fair.scenario("Wrong", changes)


def test_refused_rules_and_severities_say_what_is_allowed(fair: Rulebook) -> None:
    with pytest.raises(ValueFault, match=r"unknown rule 'fersh'; did you mean 'fresh'\?"):
        fair.scenario("Wrong", off=["fersh"])
    with pytest.raises(ValueFault, match="unknown rule 'zzz'; there are: in_time, fresh, "):
        fair.scenario("Wrong", off=["zzz"])
    with pytest.raises(ValueFault, match="fresh: 'on' is no severity; it is one of block, warn, off"):
        fair.scenario("Wrong", severity={"fresh": "on"})


@pytest.mark.parametrize("name", ["", "  ", {}, {"zh": ""}, {"most_days": 7}, {"en": 3}])
def test_what_is_no_name_is_refused(fair: Rulebook, name: Any) -> None:
    with pytest.raises(ValueFault, match="is no name of a scenario; give it a text"):
        fair.scenario(name)


# ---- the table


def test_the_table_is_one_that_a_boss_can_read(whole: Scenario) -> None:
    assert whole.diff().to_numpy().tolist() == [
        ["opens", "Opens", "1", "", "2031-06-01 00:00", "2031-05-31 08:30", "", ""],
        ["most_days", "Days", "2", "days", "5 days", "7 days", "", ""],
        ["fresh", "Fresh", "2", "", "must hold", "off", "", ""],
        ["least_left", "Least", "3", "crates", "2 crates", "not set", "", ""],
        ["share[Fish]", "Share (Fish)", "4", "", "75%", "82.5%", "", ""],
        ["ranked", "Rank", "5", "", "trader", "master", "", ""],
        ["admitted", "Aisles admitted", "5", "", "Bread, Fish", "Fish, Fruit", "Fruit", "Bread"],
        ["strict", "Strict", "5", "", "yes", "no", "", ""],
        ["tasted[gold]", "Taste (gold)", "6", "stars", "4.5 stars", "4.75 stars", "", ""],
        ["paid_by_card", "Paid by card", "6", "", "warns only", "must hold", "", ""],
    ]


def test_the_table_speaks_chinese(whole: Scenario) -> None:
    told = whole.diff(lang="zh").set_index("name")
    assert list(told.loc["most_days"]) == ["天数", "2", "天", "5 天", "7 天", "", ""]
    assert list(told.loc["fresh"]) == ["新鲜", "2", "", "必须满足", "停用", "", ""]
    assert told.loc["least_left", "new"] == "未设定"
    assert told.loc["share[Fish]", "label"] == "比例（Fish）"
    assert told.loc["admitted", "new"] == "Fish、Fruit"


def test_the_value_of_all_others_stands_where_a_category_has_none_of_its_own(fair: Rulebook) -> None:
    told = fair.scenario("Others", {"share[Fish]": None}, share="20%").diff().set_index("name")
    assert list(told.loc["share", ["label", "old", "new"]]) == ["Share (all others)", "not set", "20%"]
    assert list(told.loc["share[Fish]", ["old", "new"]]) == ["75%", "20%"]


def test_a_set_of_nothing_is_told(fair: Rulebook) -> None:
    (row,) = fair.scenario("Closed", admitted=[]).diff().to_dict("records")
    assert [row[column] for column in ("old", "new", "added", "removed")] == ["Bread, Fish", "none", "", "Bread, Fish"]


def test_from_one_scenario_to_another(fair: Rulebook) -> None:
    one = fair.scenario("One", most_days=7, stalls=3, off=["fresh"])
    two = fair.scenario("Two", most_days=9, stalls=3, off=["enough"])
    told = one.diff(two)
    assert told[["name", "old", "new"]].to_numpy().tolist() == [
        ["most_days", "7 days", "9 days"],
        ["fresh", "off", "must hold"],
        ["enough", "must hold", "off"],
    ]
    assert two.diff(one)[["name", "new", "old"]].to_numpy().tolist() == told[["name", "old", "new"]].to_numpy().tolist()


def test_no_difference_is_a_table_of_the_same_shape(fair: Rulebook, whole: Scenario) -> None:
    none = fair.scenario("Same").diff()
    assert none.empty
    assert none.dtypes.equals(whole.diff().dtypes)
    assert whole.diff(whole).empty


def test_scenarios_of_two_rulebooks_are_not_compared(fair: Rulebook, whole: Scenario, tmp_path: Path) -> None:
    other = load_rulebook(saved(tmp_path, changed(('version = "2"', 'version = "3"'))))
    with pytest.raises(CampaignError, match=r"two rulebooks .* fair version 2 \(hash .* fair version 3 \(hash"):
        whole.diff(other.scenario("Other"))


# ---- its file


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


# ---- a file of another rulebook


def edited(scenario: Scenario, *changes: tuple[str, str]) -> str:
    text = scenario.toml
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    return text


def faults_of(path: Path, text: str, book: Rulebook) -> RulebookError:
    path.write_text(text, "utf-8")
    with pytest.raises(RulebookError) as caught:
        load_scenario(path, book)
    return caught.value


def test_a_scenario_of_another_rulebook_is_refused(fair: Rulebook, tmp_path: Path) -> None:
    path = load_rulebook("daily_deals").scenario("Deals", min_deal_stock=7).save(tmp_path / "deals.toml")
    with pytest.raises(RulebookError) as caught:
        load_scenario(path, fair)
    assert str(caught.value) == (
        f"{path}:2: scenario.rulebook: is of 'daily_deals', not of 'fair'; load it with that rulebook"
    )


def test_a_scenario_of_another_state_of_the_rulebook_is_refused(
    fair: Rulebook, whole: Scenario, tmp_path: Path
) -> None:
    path = whole.save(tmp_path / "wider.toml")
    now = load_rulebook(
        saved(tmp_path, changed(('version = "2"', 'version = "3"'), ("default = 5, min", "default = 6, min")))
    )
    with pytest.raises(RulebookError) as caught:
        load_scenario(path, now)
    assert str(caught.value) == (
        f"{path}:4: scenario.hash: was made for version 2 with the hash {fair.hash}, and the rulebook is now version 3 "
        f"with the hash {now.hash}; load it with the rulebook that it was made for, or, where its values still fit, "
        "write the new version and hash into it"
    )
    path.write_text(path.read_text("utf-8").replace(fair.hash, now.hash), "utf-8")
    assert load_scenario(path, now).changes == whole.changes


def test_what_the_rulebook_does_not_take_as_it_is_now_is_told_too(whole: Scenario, tmp_path: Path) -> None:
    now = load_rulebook(saved(tmp_path, changed(('["novice", "trader", "master"]', '["novice", "trader", "lord"]'))))
    faults = faults_of(tmp_path / "wider.toml", whole.toml, now).faults
    assert [fault.place for fault in faults] == ["scenario.hash", "parameters.ranked"]


def test_a_rulebook_with_other_labels_is_the_same_one(whole: Scenario, tmp_path: Path) -> None:
    relabelled = load_rulebook(saved(tmp_path, changed(('en = "Fresh"', 'en = "Baked today"'))))
    assert load_scenario(whole.save(tmp_path / "wider.toml"), relabelled) == whole


CALM = "the variant 'calm'"
VARIANTS = [
    (None, "calm", f'was made on no variant, and the rulebook has {CALM}; load it with load_rulebook("fair")'),
    ("calm", None, f'was made on {CALM}, and the rulebook has no variant; load it with load_rulebook("fair", "calm")'),
]


@pytest.mark.parametrize(("made", "here", "message"), VARIANTS)
def test_a_scenario_of_another_variant_is_refused(
    fair: Rulebook, tmp_path: Path, made: str | None, here: str | None, message: str
) -> None:
    path = load_rulebook(fair.path, made).scenario("Any", stalls=3).save(tmp_path / "any.toml")
    with pytest.raises(RulebookError) as caught:
        load_scenario(path, load_rulebook(fair.path, here))
    (fault,) = caught.value.faults
    assert (fault.place, fault.message) == ("scenario.variant", message)


# ---- a file edited by hand


def test_all_faults_are_told_together_each_with_its_line(fair: Rulebook, whole: Scenario, tmp_path: Path) -> None:
    path = tmp_path / "wider.toml"
    text = edited(
        whole,
        ('author = "Kim"', 'auhtor = "Kim"'),
        ("most_days = 7", "most_day = 7"),
        ('ranked = "master"', 'ranked = "lord"'),
        ('"share[Fish]" = "82.5%"', '"share[Fsh]" = "82.5%"'),
        ("strict = false", 'strict = "perhaps"'),
        ('"tasted[gold]" = 4.75', "tasted.gold = 4.75"),
        ('fresh = "off"', 'fersh = "off"'),
        ('paid_by_card = "block"', 'paid_by_card = "on"'),
    )
    assert str(faults_of(path, text, fair)).splitlines() == [
        f"{path}:7: scenario.auhtor: unknown key 'auhtor'; did you mean 'author'?",
        f"{path}:11: parameters.most_day: unknown parameter 'most_day'; did you mean 'most_days'?",
        f"{path}:13: parameters.share[Fsh]: 'Fsh' is not a value of 'aisle'; did you mean 'Fish'?",
        f"{path}:14: parameters.ranked: 'lord' is not in the list (novice、trader、master)",
        f"{path}:16: parameters.strict: 'perhaps' is no flag; write true or false",
        f'{path}:17: parameters.tasted.gold: is written "tasted[gold]"',
        f"{path}:20: severity.fersh: unknown rule 'fersh'; did you mean 'fresh'?",
        f"{path}:21: severity.paid_by_card: 'on' must be one of 'block', 'warn' or 'off'",
    ]


HEADS = [
    ('hash = "{hash}"\n', "", "scenario", "'hash' is missing"),
    ('hash = "{hash}"', "hash = 3", "scenario.hash", "3: input should be a valid string"),
    ('version = "2"', "version = 2.5", "scenario.version", "2.5: input should be a valid string"),
    ('rulebook = "fair"', 'rulebok = "fair"', "scenario.rulebok", "unknown key 'rulebok'; did you mean 'rulebook'?"),
    ('zh = "放宽"\nen = "Wider"\n', 'en = " "\n', "scenario", "has no name; give it zh or en, or both"),
    ('author = "Kim"', 'variant = "clam"', "scenario.variant", "fair has no variant 'clam'; did you mean 'calm'?"),
    ("[severity]", "[severitty]", "severitty", "unknown table 'severitty'; did you mean 'severity'?"),
    ("2031-05-31T08:30:00", "2031-07-01", "parameters", "contradict each other: :opens < :closes must hold"),
    ("2031-05-31T08:30:00", "0001-01-01T00:00:00+14:00", "parameters.opens", "is no time"),
    ("most_days = 7", "most_days = nan", "parameters.most_days", "it must be finite"),
    ("most_days = 7", f"most_days = {'9' * 400}", "parameters.most_days", "it is too large"),
    ("most_days = 7", "most_days = 08:30:00", "parameters.most_days", "is no count"),
    ('["Fish", "Fruit"]', '["Fish", "Meat"]', "parameters.admitted", "'Meat' is not in the list"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "place", "message"), HEADS)
def test_what_is_wrong_is_told_with_its_place_and_line(
    fair: Rulebook, whole: Scenario, tmp_path: Path, old: str, new: str, place: str, message: str
) -> None:
    text = edited(whole, (old.replace("{hash}", fair.hash), new))
    fault = faults_of(tmp_path / "wider.toml", text, fair).faults[-1]
    assert fault.place == place
    assert message in fault.message
    assert fault.line


@pytest.mark.parametrize("text", ["", "parameters = 3", "scenario = 3", "[[scenario]]\nzh = '名'"])
def test_a_file_that_is_no_scenario_is_refused(fair: Rulebook, tmp_path: Path, text: str) -> None:
    error = faults_of(tmp_path / "none.toml", text, fair)
    assert str(error) == f"{tmp_path / 'none.toml'}: is no scenario: it has no table [scenario]"


def test_a_file_that_cannot_be_read_is_refused(fair: Rulebook, tmp_path: Path) -> None:
    path = tmp_path / "wider.toml"
    with pytest.raises(RulebookError, match=r"wider\.toml: cannot be read \(No such file or directory\)$"):
        load_scenario(path, fair)
    path.write_bytes('[scenario]\nzh = "放宽"\n'.encode("gb18030"))
    with pytest.raises(RulebookError, match="is not UTF-8"):
        load_scenario(path, fair)
    assert str(faults_of(path, "[scenario]\nzh = x\n", fair)) == f"{path}:2: is no TOML: Invalid value"


def test_a_byte_order_mark_and_foreign_line_ends_are_no_fault(fair: Rulebook, whole: Scenario, tmp_path: Path) -> None:
    path = tmp_path / "wider.toml"
    path.write_bytes(b"\xef\xbb\xbf" + whole.toml.replace("\n", "\r\n").encode())
    assert load_scenario(path, fair) == whole


@settings(max_examples=150)
@given(data=st.data())
def test_whatever_was_edited_is_read_or_refused_in_words(folder: Path, fair: Rulebook, data: st.DataObject) -> None:
    text = fair.scenario("Wider", WHOLE, off=["fresh"]).toml
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 12, len(text))))
    junk = data.draw(
        st.sampled_from(["", "[", '"', "=", "{}", "[[x]]\n", "1e999", "-", "1979-05-27", "\n"]) | st.text(max_size=5)
    )
    path = folder / "edited.toml"
    path.write_text(text[:start] + junk + text[end:], "utf-8")
    said = str(path)
    try:
        load_scenario(path, fair)
    except CampaignError as error:
        said = str(error)
    assert said.startswith(str(path))


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
