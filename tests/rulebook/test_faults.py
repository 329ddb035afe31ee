"""Every fault of a rulebook file is one clear line: file, line number, place, what is wrong, what was expected."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from campaign_analytics import load_rulebook
from campaign_analytics.errors import CampaignError, RulebookError
from tests.rulebook.fair import FAIR, changed, saved

HERE = "# here"
CHEAP = 'condition = "asked <= :share * usual"'
FAULTS = tomllib.loads(Path(__file__).with_name("faults.toml").read_text("utf-8"))["faults"]


def faults_of(folder: Path, text: str) -> RulebookError:
    with pytest.raises(RulebookError) as caught:
        load_rulebook(saved(folder, text))
    return caught.value


def line_of(text: str, marker: str) -> int:
    return text[: text.index(marker)].count("\n") + 1


@pytest.mark.parametrize(("name", "old", "new", "place", "message"), FAULTS, ids=[row[0] for row in FAULTS])
def test_a_fault_is_one_line(tmp_path: Path, name: str, old: str, new: str, place: str, message: str) -> None:
    text = changed((old, new))
    error = faults_of(tmp_path, text)
    (fault,) = error.faults
    assert fault.place == place
    assert message in fault.message
    assert fault.line is not None
    assert str(error) == f"{tmp_path / 'fair.toml'}:{fault.line}: {place}: {fault.message}"
    if HERE in new:
        assert fault.line == line_of(text, HERE)
    elif new and "\n" not in new.strip():
        assert fault.line == line_of(text, new)


def test_the_fair_itself_has_no_fault(tmp_path: Path) -> None:
    (warned,) = load_rulebook(saved(tmp_path)).warnings
    assert (warned.place, warned.message) == (
        "parameters.share.values",
        "no value for Fruit and no default: unknown there",
    )


def test_all_faults_are_told_together_in_the_order_of_their_lines(tmp_path: Path) -> None:
    """Faults of shape, of values and of meaning; but what only follows from another fault is not told."""
    text = changed(
        ('category = "aisle"', 'category = "isle"'),
        ("default = 5, min", "default = 31, min"),
        ('en = "Fresh"', 'end = "Fresh"'),
        (CHEAP, 'condition = "asked <= :shar * usul AND usual > 5"'),
        ('kind = "process"', 'kind = "rule"'),
        ('per = "merchant_id"', 'per = "shop"'),
    )
    error = faults_of(tmp_path, text)
    assert [(fault.place, fault.line) for fault in error.faults] == [
        ("rulebook.category", line_of(text, '"isle"')),
        ("parameters.most_days.default", line_of(text, "default = 31")),
        ("rules.fresh.end", line_of(text, "end =")),
        ("rules.cheap.condition", line_of(text, ":shar ")),
        ("rules.cheap.condition", line_of(text, ":shar ")),
        ("clauses.8.kind", line_of(text, 'kind = "rule"')),
        ("quotas.each.per", line_of(text, '"shop"')),
    ]
    assert len(str(error).splitlines()) == 7


def test_the_parameters_of_a_comparison_vary_by_one_column(tmp_path: Path) -> None:
    less = 'less = { type = "rate", clause = "4", by = "rank_held", values = { novice = "5%" }, default = "1%" }'
    text = changed(
        (CHEAP, 'condition = "(1 - :less) * asked <= :share * usual"'), ("[columns]\n", f"{less}\n[columns]\n")
    )
    (fault,) = faults_of(tmp_path, text).faults
    assert fault.place == "rules.cheap.condition"
    assert fault.message == "its parameters vary by several columns (aisle, rank_held); one is allowed"


def test_what_follows_from_another_fault_is_not_told(tmp_path: Path) -> None:
    """The parameter is there, only its type is not: no rule is told that it is unknown, no clause that it is bare."""
    (fault,) = faults_of(tmp_path, changed(('most_left = { type = "count"', 'most_left = { type = "cuont"'))).faults
    assert fault.place == "parameters.most_left.type"


# ---- where the parser stops at the first: TOML itself

SYNTAX = [
    ("no TOML", "[scoring]", "[scoring # here", "is no TOML: "),
    ("no value", 'id = "fair"', "id = fair # here", "is no TOML: Invalid value"),
    ("rule twice", "[rules.fresh]", "[rules.in_time] # here", "rules.in_time is declared twice"),
    ("table twice", "[scoring]", "[lists.aisles] # here", "lists.aisles is declared twice"),
    ("key twice", 'version = "2"', 'version = "2"\nid = "fair" # here', "is no TOML: Cannot overwrite a value"),
    ("parameter twice", "[columns]\n", "strict = 1 # here\n[columns]\n", "is no TOML: Cannot overwrite a value"),
    ("no day", "effective = 2031-05-01", "effective = 2031-02-30 # here", "is no TOML: Invalid date or datetime"),
    ("number too long", "default = 100", f"default = {'9' * 5000}", "is no TOML"),
]


@pytest.mark.parametrize(("name", "old", "new", "message"), SYNTAX, ids=[row[0] for row in SYNTAX])
def test_broken_toml_stops_at_the_first(tmp_path: Path, name: str, old: str, new: str, message: str) -> None:
    text = changed((old, new), ('category = "aisle"', 'category = "isle"'))
    error = faults_of(tmp_path, text)
    (fault,) = error.faults
    assert message in fault.message
    assert str(error).startswith(f"{tmp_path / 'fair.toml'}:")
    if fault.line is not None:
        assert fault.line == line_of(text, HERE)


def test_toml_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    error = faults_of(tmp_path, f"x = {'[' * 5000}{']' * 5000}\n{FAIR}")
    assert "is no TOML: nested too deeply" in str(error)


# ---- the file


def test_a_missing_file_says_what_is_shipped(tmp_path: Path) -> None:
    with pytest.raises(
        RulebookError, match=r"nowhere\.toml: cannot be read \(No such file or directory\); shipped are: .*spring_2024"
    ):
        load_rulebook(tmp_path / "nowhere.toml")


def test_a_name_nearly_right_is_guessed() -> None:
    with pytest.raises(RulebookError, match="did you mean 'spring_2024'"):
        load_rulebook("spring2024")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(RulebookError, match="cannot be read"):
        load_rulebook(tmp_path)


def test_a_name_with_a_zero_byte_is_no_file() -> None:
    with pytest.raises(RulebookError, match="cannot be read"):
        load_rulebook("a\0b")


def test_a_file_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    path = tmp_path / "gbk.toml"
    path.write_bytes('[rulebook]\nzh = "集市"\n'.encode("gb18030"))
    with pytest.raises(RulebookError, match=r"gbk\.toml: is not UTF-8 \(byte 17\); save it as UTF-8"):
        load_rulebook(path)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "bom.toml"
    path.write_text(FAIR, "utf-8-sig")
    assert load_rulebook(path).id == "fair"


def test_an_empty_file_is_told_what_it_lacks(tmp_path: Path) -> None:
    assert "'rulebook' is missing" in str(faults_of(tmp_path, ""))


def test_an_unknown_variant_says_which_there_are(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with pytest.raises(CampaignError, match=r"fair has no variant 'clam'; did you mean 'calm'\?; it has: calm"):
        load_rulebook(path, "clam")
