"""Files of scenarios that are not as they should be: of another rulebook, or edited by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics import Scenario, load_rulebook, load_scenario
from campaign_analytics.errors import CampaignError, RulebookError
from campaign_analytics.rulebook.book import Rulebook
from tests.rulebook.conftest import WHOLE
from tests.rulebook.fair import changed, saved

pytestmark = pytest.mark.filterwarnings("ignore::campaign_analytics.errors.RulebookWarning")


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
    (None, "calm", f"was made on no variant, and the rulebook has {CALM}; load it without variant="),
    ("calm", None, f"was made on {CALM}, and the rulebook has no variant; load it with variant='calm'"),
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
