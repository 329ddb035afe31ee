"""The mapping that is written says what was understood, reads back to the same market, and is edited by hand."""

from __future__ import annotations

import tomllib
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.errors import MarketError
from campaign_analytics.market.mapping import mapping, write_mapping
from campaign_analytics.market.read import read_market
from campaign_analytics.market.schema import Declared, Market
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import Write, shown
from tests.market.same import assert_same

SPRING = Path(__file__).parents[2] / "data" / "fixtures" / "spring"
OFFERS = (
    "商品ID,会员ID,商品成长分数,近30天48H揽收率,备注\n"
    "1,m,61,95.3,a\n"
    "2,m,59,90,b\n"
)  # fmt: skip


def read_again(market: Market, book: Rulebook, folder: Path, text: str | None = None) -> Market:
    """Read ``folder`` once more, with the mapping of what was understood of it."""
    path = folder.parent / "mapping.toml"
    path.write_text(text or mapping(market, book), "utf-8")
    return read_market(folder, book, path)


def test_it_reads_back_to_the_same_market(book: Rulebook, tmp_path: Path) -> None:
    market = read_market(SPRING, book)
    path = write_mapping(market, book, tmp_path / "new" / "mapping.toml")
    again = read_market(SPRING, book, path)
    assert_same(market, again)
    assert mapping(again, book) == path.read_text("utf-8")
    assert again.declared.as_of == market.declared.as_of
    assert again.declared.penalty_feed_complete


def test_it_says_what_was_understood(book: Rulebook, folder: Write) -> None:
    market = read_market(folder({"offers.csv": OFFERS, "read me.txt": "x"}), book)
    held = tomllib.loads(mapping(market, book))
    assert held["tables"] == {"merchants.csv": "merchants", "offers.csv": "offers"}
    assert held["units"] == {"pickup_rate_48h": "percent"}
    assert held["headers"]["offers"] == {
        "商品ID": "offer_id",
        "会员ID": "merchant_id",
        "近30天48H揽收率": "pickup_rate_48h",
    }


def test_what_was_not_understood_is_proposed_in_comments(book: Rulebook, folder: Write) -> None:
    market = read_market(folder({"offers.csv": OFFERS, "read me.txt": "x"}), book)
    lines = mapping(market, book).splitlines()
    assert '# "商品成长分数" = "growth_score"  # Growth score' in lines
    assert '# "备注" = "?"  # no known column' in lines
    assert '# "?" = "moq"  # Minimum order quantity' in lines
    assert any(line.startswith('# "read me.txt" = "?"') for line in lines)
    assert "# as_of = 2031-05-31  # the day that “today” means" in lines
    assert '# "商品成长分数" = "growth_score"  # 商品成长分' in mapping(market, book, "zh").splitlines()


def test_a_proposal_is_taken_by_its_hash_sign(book: Rulebook, folder: Write) -> None:
    place = folder({"offers.csv": OFFERS})
    market = read_market(place, book)
    text = mapping(market, book).replace('# "商品成长分数" = ', '"商品成长分数" = ')
    assert shown(read_again(market, book, place, text), "growth_score") == [61, 59]


def test_a_unit_that_cannot_be_told_is_left_to_choose(book: Rulebook, folder: Write) -> None:
    rates = "offer_id,merchant_id,pickup_rate_48h\n" + "".join(f"{i},m,{i}\n" for i in (95.3, 90, 0.9))
    place = folder({"offers.csv": rates})
    market = read_market(place, book)
    text = mapping(market, book)
    assert "units" not in {name for name, held in tomllib.loads(text).items() if held}
    assert_same(market, read_again(market, book, place))
    chosen = text.replace('# pickup_rate_48h = "percent"', 'pickup_rate_48h = "percent"')
    assert shown(read_again(market, book, place, chosen), "pickup_rate_48h") == [0.953, 0.9, 0.009]


def test_files_that_differ_in_a_unit_are_each_read_as_before(book: Rulebook, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "merchants.csv").write_text("merchant_id\nm\n", "utf-8")
    for number, rate in (("1", "95.3"), ("2", "0.953")):
        text = f"offer_id,merchant_id,pickup_rate_48h\n{number},m,{rate}\n"
        (folder / f"offers_{number}.csv").write_text(text, "utf-8")
    market = read_market(folder, book)
    assert shown(market, "pickup_rate_48h") == [0.953, 0.953]
    assert_same(market, read_again(market, book, folder))


def test_a_header_that_only_one_file_doubts_is_left_to_each(book: Rulebook, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "merchants.csv").write_text("merchant_id\nm\n", "utf-8")
    (folder / "offers_1.csv").write_text("offer_id,merchant_id,moq,起批量\n1,m,2,3\n", "utf-8")
    (folder / "offers_2.csv").write_text("offer_id,merchant_id,moq\n2,m,2\n", "utf-8")
    market = read_market(folder, book)
    assert shown(market, "moq") == [None, 2]
    assert_same(market, read_again(market, book, folder))


#: Headers as files may have them: spaces at their ends are taken off when a file is opened.
HEADERS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(lambda text: f"x{text}x"),
    min_size=2,
    max_size=4,
    unique=True,
)


@settings(max_examples=60, deadline=None)
@given(HEADERS)
def test_whatever_stands_in_a_header(
    book: Rulebook, tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    offers = pd.DataFrame([["1", "m", *("2" for _ in names)]], columns=["offer_id", "merchant_id", *names])
    frames = {"offers": offers, "merchants": pd.DataFrame({"merchant_id": ["m"]})}
    market = read_market(frames, book, Declared(headers={"offers": {names[0]: "moq"}}))
    path = write_mapping(market, book, tmp_path_factory.mktemp("mapping") / "mapping.toml")
    assert_same(market, read_market(frames, book, path))
    assert tomllib.loads(path.read_text("utf-8"))["headers"]["offers"][names[0]] == "moq"


def test_a_mapping_that_may_have_been_edited_is_not_written_over(book: Rulebook, folder: Write) -> None:
    place = folder({})
    market = read_market(place, book)
    path = write_mapping(market, book, place / "mapping.toml")
    with pytest.raises(MarketError, match="is there already, and may have been edited"):
        write_mapping(market, book, path)


def test_tables_of_a_database_are_called_as_it_calls_them(book: Rulebook, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "market.db")) as connection:
        connection.execute("CREATE TABLE merchants AS SELECT 'm' AS merchant_id")
        connection.execute("CREATE TABLE goods AS SELECT '1' AS offer_id, 'm' AS merchant_id, 2 AS moq, 'x' AS odd")
    url = f"duckdb:///{tmp_path / 'market.db'}"
    market = read_market(url, book)
    path = write_mapping(market, book, tmp_path / "mapping.toml")
    assert set(tomllib.loads(path.read_text("utf-8"))["tables"].values()) == {"merchants", "offers"}
    assert_same(market, read_market(url, book, path))
    assert market.aside("offers")["odd"].tolist() == ["x"]


def test_what_cells_mean_and_what_bare_dates_count_is_kept(book: Rulebook, folder: Write) -> None:
    offers = "offer_id,merchant_id,enrolled_at,growth_score,orders_30d\n1,m,45356,0,\n2,m,45357,61,5\n"
    said = '[missing]\ngrowth_score = ["0"]\n[empty]\norders_30d = 0\n'
    place = folder({"offers.csv": offers, "market.toml": said})
    market = read_market(place, book)
    held = tomllib.loads(mapping(market, book))
    assert held["units"] == {"enrolled_at": "serial"}
    assert (held["missing"], held["empty"]) == ({"growth_score": ["0"]}, {"orders_30d": 0})
    (place / "market.toml").unlink()
    again = read_again(market, book, place)
    assert_same(market, again)
    assert shown(again, "growth_score") == [None, 61]
    assert shown(again, "orders_30d") == [0, 5]
