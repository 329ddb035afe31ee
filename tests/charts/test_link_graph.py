"""Link graphs: every account once, every tie of two seen, the way of a record told from other ties, n stated."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics import Assessment, CampaignError, assess, load_rulebook, read_market
from campaign_analytics.charts import link_graph
from campaign_analytics.charts.figure import Chart
from campaign_analytics.charts.link_graph import MOST, MOST_TIES, Cluster, draw
from campaign_analytics.charts.link_tree import Tree, arrange
from tests.charts.test_pictures import assert_legible, texts

MARKET = Path(__file__).parents[2] / "data" / "fixtures" / "spring"
NOTES = ["As of 2031-02-26."]
both_languages = pytest.mark.parametrize("lang", ["en", "zh"])

Held = list[tuple[str, bool, list[str]]]  # ties: column, whether it is shared, who holds it


def ties_of(held: Held) -> pd.DataFrame:
    rows = [(id, tie, column, shared) for tie, (column, shared, ids) in enumerate(held) for id in ids]
    return pd.DataFrame(rows, columns=["merchant_id", "tie", "column", "shared"])


def cluster_of(held: Held, ways: list[list[str]], absent: str = "", passing: str = "") -> Cluster:
    """A user whose accounts are one letter each; ``ways`` from the source of a record to a merchant that fails."""
    ids = sorted({id for _, _, holders in held for id in holders} | {id for way in ways for id in way})
    steps = [(way[-1], n, a, b, "") for way in ways for n, (a, b) in enumerate(pairwise(way), start=1)]
    sources = {way[0] for way in ways}
    away = {way[-1]: len(way) - 1 for way in ways}
    accounts = pd.DataFrame(
        {
            "cluster": 1, "merchant_id": ids, "in_market": [id not in absent for id in ids],
            "recorded": pd.Series([date(2031, 1, 5) if id in sources else None for id in ids], dtype="datetime64[s]"),
            "outcome": ["" if id in absent else "fail" if id in away and id not in passing else "pass" for id in ids],
            "steps_away": pd.array([away.get(id) for id in ids], "Int64"),
        }
    )  # fmt: skip
    failing = int((accounts["outcome"] == "fail").sum())
    counts = {
        "cluster": 1, "clusters": 3, "accounts": len(ids), "failing": failing, "linked_only": failing - 1,
        "offers": 7, "rule": "No record", "clause": "4.8",
    }  # fmt: skip
    labels = {column: f"The {column}" for column, _, _ in held}
    return Cluster(
        accounts, ties_of(held), pd.DataFrame(steps, columns=["merchant_id", "step", "from_id", "to_id", "column"]),
        counts, labels,
    )  # fmt: skip


def styles(chart: Chart) -> set[tuple[float, bool]]:
    """Weight of every edge of an account, and whether it is unbroken."""
    edges = [line for line in chart.page.lines if len(np.asarray(line.get_xdata())) == 3]
    return {(line.get_linewidth(), line.get_linestyle() == "-") for line in edges}


# ---- of a market


@pytest.fixture(scope="module")
def result() -> Assessment:
    book = load_rulebook("spring_2024", "corrected")
    return assess(read_market(MARKET, book), book)


@both_languages
def test_every_cluster_of_a_market_is_legible_and_names_each_account_once(result: Assessment, lang: str) -> None:
    links = result.links(lang)
    for cluster in links.clusters()["cluster"]:
        chart = link_graph(links, int(cluster))
        assert_legible(chart)
        said = texts(chart)
        ids = links.accounts().query("cluster == @cluster")["merchant_id"]
        assert all(said.count(id) == 1 for id in ids)


def test_the_title_says_whose_record_fails_how_many(result: Assessment) -> None:
    chart = link_graph(result.links())
    assert chart.answer == (
        "The record of b2b-2200010079 fails 3 of 4 accounts of one user, 2 over links alone; offers: 59"
    )
    said = " ".join(texts(chart))
    assert "n = 4 accounts" in said
    assert "links away: 2" in said


def test_a_number_that_no_cluster_has_is_refused(result: Assessment) -> None:
    for number in (0, 5):
        with pytest.raises(CampaignError, match=f"cluster {number}: .* expected a number from 1 to 4"):
            link_graph(result.links(), number)


@both_languages
def test_where_nobody_fails_the_title_says_so(result: Assessment, lang: str) -> None:
    clean = assess(result.market, result.book.set(fake_trading_months=0))
    chart = link_graph(clean.links(lang))
    assert ("No user" if lang == "en" else "没有多账号用户") in chart.answer
    assert_legible(chart)


# ---- what is drawn


def test_a_way_is_bold_and_other_ties_are_not_and_declared_ones_are_broken() -> None:
    held: Held = [("phone", True, ["a", "b"]), ("link", False, ["b", "c"]), ("login", True, ["c", "d"])]
    assert styles(draw(cluster_of(held, [["a"], ["a", "b"]]), NOTES, "en")) == {(2.2, True), (1.0, False), (1.0, True)}
    held = [("phone", True, ["a", "b"]), ("link", False, ["a", "b"])]
    assert styles(draw(cluster_of(held, [["a"], ["a", "b"]]), NOTES, "en")) == {(2.2, True)}


def test_each_account_says_how_it_stands_and_by_whose_record() -> None:
    held: Held = [("phone", True, ["a", "b", "z"]), ("link", False, ["b", "c"])]
    user = cluster_of(held, [["a"], ["a", "b"], ["a", "b", "c"]], absent="z", passing="b")
    said = texts(draw(user, NOTES, "en"))
    assert "fail: its own record of 2031-01-05" in said
    assert "fail: the record of a of 2031-01-05, links away: 2" in " ".join(said)
    assert "pass: no record in its period" in said
    assert "not in this market" in said
    assert said.count("✗") == 2
    assert said.count("✓") == 1
    assert {"The phone", "declared link"} <= set(said)


def test_a_source_outside_the_market_is_a_source() -> None:
    chart = draw(cluster_of([("link", False, ["s", "b"])], [["s", "b"]], absent="s"), NOTES, "en")
    assert chart.answer.startswith("The record of s fails 1 of 2")
    assert "not in this market: its own record of 2031-01-05" in texts(chart)


@both_languages
def test_twenty_accounts_are_drawn_and_the_others_counted(lang: str) -> None:
    ids = [f"b2b-{2200010000 + n}" for n in range(MOST + 5)]
    for ways, held in (
        ([[ids[0]], *([ids[0], id] for id in ids[1:])], [("phone", True, ids)]),
        ([ids[: n + 1] for n in range(len(ids))], [("link", False, [a, b]) for a, b in pairwise(ids)]),
    ):
        chart = draw(cluster_of(held, ways), NOTES, lang)
        assert_legible(chart)
        said = texts(chart)
        assert len(set(ids) & set(said)) == MOST
        assert any("5" in text and ("Not drawn" in text or "未画出" in text) for text in said)


@both_languages
def test_ties_that_close_a_circle_stand_beside_with_letters_and_the_fewest_are_counted(lang: str) -> None:
    ids = [f"a{n}" for n in range(12)]
    chain: Held = [("phone", True, [a, b]) for a, b in pairwise(ids)]
    circles: Held = [("login", True, [ids[n], ids[n + 4]]) for n in range(8)]
    chart = draw(cluster_of(chain + circles, [[ids[0]]]), NOTES, lang)
    assert_legible(chart)
    across = arrange(ids, ties_of(chain + circles), cluster_of(chain, [[ids[0]]]).steps, {ids[0]}, MOST).across
    assert texts(chart).count("b") == 3  # at both holders and in the key
    if len(across) > MOST_TIES:
        assert any(str(len(across) - MOST_TIES) in text for text in texts(chart) if "ties" in text or "处关联" in text)


@both_languages
def test_long_and_strange_names_find_room(lang: str) -> None:
    ids = [f"旗舰店 🧦 $x$ <b>extraordinarily long {n}" for n in range(4)]
    held: Held = [("an extraordinarily long name of a column $y$ " * 3, True, ids[:3]), ("login", True, ids[2:])]
    assert_legible(draw(cluster_of(held, [[ids[0]], ids[:2], ids[1:]]), NOTES, lang))


# ---- in which order


@st.composite
def users(draw: st.DrawFn) -> tuple[list[str], pd.DataFrame, pd.DataFrame, set[str]]:
    """Accounts that hold ties at random, and ways along them from random sources."""
    ids = [f"m{n}" for n in range(draw(st.integers(1, 9)))]
    several = st.lists(st.sampled_from(ids), min_size=min(2, len(ids)), max_size=4, unique=True)
    held: Held = [("c", True, each) for each in draw(st.lists(several, max_size=8))]
    neighbours = {id: sorted({b for _, _, each in held for b in each if id in each} - {id}) for id in ids}
    ways = []
    for end in draw(st.lists(st.sampled_from(ids), max_size=4)):
        way = [end]
        for _ in range(draw(st.integers(0, 3))):
            near = [id for id in neighbours[way[-1]] if id not in way]
            if not near:
                break
            way.append(draw(st.sampled_from(near)))
        ways.append(way)
    return ids, ties_of(held), cluster_of(held, ways).steps, {way[0] for way in ways}


def joined(tree: Tree) -> set[frozenset[str]]:
    """Pairs of accounts between which a way is drawn."""
    ids, user = [place.id for place in tree.places], {place.id: place.id for place in tree.places}
    pairs = [(ids[place.above], place.id) for place in tree.places if place.above is not None]
    pairs += [(ids[here[0]], ids[i]) for here, _ in tree.across for i in here[1:]]
    for a, b in pairs:
        user = {id: user[a] if of == user[b] else of for id, of in user.items()}
    return {frozenset((a, b)) for a in ids for b in ids if user[a] == user[b]}


@settings(max_examples=60, deadline=None)
@given(users(), st.integers(1, 12))
def test_every_account_has_one_place_and_every_tie_is_drawn(
    user: tuple[list[str], pd.DataFrame, pd.DataFrame, set[str]], most: int
) -> None:
    ids, ties, steps, sources = user
    tree = arrange(ids, ties, steps, sources, most)
    order = [place.id for place in tree.places]
    assert sorted([*order, *tree.rest]) == ids
    assert len(order) <= most
    for i, place in enumerate(tree.places):
        assert (place.above is None) == (place.depth == 0)
        if place.above is not None:
            assert place.above < i
            assert place.depth == tree.places[place.above].depth + 1
            assert tree.edges[i].columns
    drawn = joined(tree)
    for _, holders in ties[ties["merchant_id"].isin(order)].groupby("tie")["merchant_id"]:
        for a, b in pairwise(holders):
            assert frozenset((a, b)) in drawn


def test_an_account_hangs_from_the_one_before_it_on_its_way_and_not_from_a_nearer_one() -> None:
    held: Held = [("phone", True, ["s", "a"]), ("login", True, ["a", "b"]), ("link", False, ["s", "b"])]
    user = cluster_of(held, [["s"], ["s", "a"], ["s", "a", "b"]])
    tree = arrange(["a", "b", "s"], user.ties, user.steps, {"s"}, MOST)
    assert [(place.id, place.depth, place.reached) for place in tree.places] == [
        ("s", 0, True), ("a", 1, True), ("b", 2, True),
    ]  # fmt: skip
    assert [tie.columns for _, tie in tree.across] == [("link",)]


def test_the_nearest_on_a_way_are_drawn_first() -> None:
    held: Held = [("phone", True, ["s", "x", "y"]), ("login", True, ["s", "a"]), ("link", False, ["a", "b"])]
    user = cluster_of(held, [["s"], ["s", "a"], ["s", "a", "b"]])
    ids = user.accounts["merchant_id"]
    for most, drawn in ((1, "s"), (2, "sa"), (3, "sab"), (4, "sabx")):
        assert sorted(place.id for place in arrange(ids, user.ties, user.steps, {"s"}, most).places) == sorted(drawn)
    assert np.isin(arrange(ids, user.ties, user.steps, {"s"}, 3).rest, ["x", "y"]).all()
