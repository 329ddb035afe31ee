"""What an owner declares in market.toml."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import pytest

from campaign_analytics.errors import MarketError
from campaign_analytics.market.mapping import mapping
from campaign_analytics.market.read import read_market
from campaign_analytics.market.reasons import in_language
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import Write, shown

#: What the parser of TOML says, which speaks English alone.
PARSERS = ("market.toml: Invalid value", "market.toml")
OFFERS = "offer_id,merchant_id,My rate\n1,m,0.9\n"


def test_everything_that_can_be_declared(book: Rulebook, folder: Write) -> None:
    toml = """
        as_of = 2024-02-26
        penalty_feed_complete = true
        [headers.offers]
        "My rate" = "pickup_rate_48h"
        [units]
        pickup_rate_48h = "percent"
        [missing]
        growth_score = ["0", "未 评"]
        [empty]
        orders_30d = 0
    """
    offers = "offer_id,merchant_id,My rate,growth_score,orders_30d\n1,m,0.9,未评,\n2,m,88,０,5\n3,m,,0.5,-\n"
    market = read_market(folder({"offers.csv": offers, "market.toml": toml}), book)
    assert market.declared.as_of == date(2024, 2, 26)
    assert market.declared.penalty_feed_complete
    assert not market.declared.offers_are_complete
    assert shown(market, "pickup_rate_48h") == [0.009, 0.88, None]
    assert shown(market, "growth_score") == [None, None, 0.5]
    assert shown(market, "orders_30d") == [0, 5, 0]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("as_off = 2024-02-26", "unknown key 'as_off'; did you mean 'as_of'?"),
        ('as_of = "2024-02-26"', "expected a day or time without quotes, such as as_of = 2031-05-31"),
        ("penalty_feed_complete = 1", "penalty_feed_complete = 1: expected true or false"),
        ('[headers.ofers]\na = "moq"', "headers.ofers: no such table; did you mean 'offers'?"),
        ('[headers.offers]\na = "moqq"', "'a': no column 'moqq' in offers; did you mean 'moq'?"),
        ('[headers.offers]\na = "trade_medal"', "no column 'trade_medal' in offers"),
        ('[headers.offers]\n"my rate" = "moq"', "no header 'my rate' in offers.csv; did you mean 'My rate'?"),
        (
            '[headers.offers]\n"My rate" = "moq"\nmerchant_id = "moq"',
            "headers.offers: two headers for 'moq' in offers.csv, 'My rate' and 'merchant_id'; keep one",
        ),
        ('headers = "x"', "headers: expected tables"),
        ("units = 1", "units: expected lines"),
        ('[units]\nmoq = "percent"', "units: no rate, day or time 'moq'"),
        ('[units]\nenrolled_at = "percent"', "units.enrolled_at = 'percent': expected 'serial' or 'seconds'"),
        ('[missing]\nmoqq = ["0"]', "missing: no column 'moqq'; did you mean 'moq'?"),
        ('[missing]\nmoq = "0"', "missing.moq = '0': expected a list"),
        ("missing = 1", "missing: expected lines"),
        ("[empty]\nmoqq = 0", "empty: no column 'moqq'; did you mean 'moq'?"),
        ('[empty]\nmoq = "many"', "empty.moq: 'many'"),
        ("empty = 1", "empty: expected lines"),
        ('[units]\npickup_rate_48h = "%"', "units.pickup_rate_48h = '%': expected 'percent' or 'share'"),
        ("as_of =", "market.toml: Invalid value"),
        (b"\xff", "market.toml"),
    ],
)
def test_faults_are_said(book: Rulebook, folder: Write, toml: str | bytes, said: str) -> None:
    with pytest.raises(MarketError) as caught:
        read_market(folder({"offers.csv": OFFERS, "market.toml": toml}), book)
    assert said in str(caught.value)
    if said not in PARSERS:
        assert in_language(str(caught.value), "zh") != str(caught.value)


def test_headers_of_one_column_may_differ_between_files(book: Rulebook, folder: Write) -> None:
    files = {
        "offers_1.csv": "offer_id,merchant_id,One\n1,m,2\n",
        "offers_2.csv": "offer_id,merchant_id,Other\n2,m,3\n",
        "market.toml": '[headers.offers]\nOne = "moq"\nOther = "moq"\n',
    }
    place = folder(files)
    (place / "offers.csv").unlink()
    assert shown(read_market(place, book), "moq") == [2, 3]


def test_a_mapping_of_what_is_known_anyway_may_be_of_another_export(book: Rulebook, folder: Write) -> None:
    market = read_market(folder({"market.toml": '[headers.offers]\n"起批量" = "moq"\n'}), book)
    assert "moq" in market.offers.cells  # absent, as without the mapping


def test_all_faults_together(book: Rulebook, folder: Write) -> None:
    with pytest.raises(MarketError) as caught:
        read_market(folder({"market.toml": 'as_off = 1\noffers_are_complete = 2\n[units]\nx = "percent"'}), book)
    assert len(str(caught.value).splitlines()) == 3


class TestNamesOfWhatIsNotThere:
    """One mapping may serve several exports: a name that is in none of this one's is said, and stops nothing."""

    @pytest.mark.parametrize(
        ("toml", "said"),
        [
            (
                '[encodings]\n"ofers.csv" = "Big5"',
                "[encodings] names 'ofers.csv', which is not here; did you mean 'offers.csv'?",
            ),
            (
                '[tables]\n"book: Sheet2" = "penalties"',
                "[tables] names 'book: Sheet2', which is not here; did you mean 'book.xlsx: Sheet2'?",
            ),
            ('[tables]\n"x" = "penalties"', "[tables] names 'x', which is not here"),
        ],
    )
    def test_it_is_doubted(self, book: Rulebook, folder: Write, toml: str, said: str) -> None:
        place = folder({"offers.csv": OFFERS, "market.toml": toml})
        with pd.ExcelWriter(place / "book.xlsx") as writer:
            for sheet in ("Sheet1", "Sheet2"):
                pd.DataFrame({"a": [1]}).to_excel(writer, sheet_name=sheet)
        market = read_market(place, book)
        assert market.quality is not None
        (doubt,) = [each for each in market.quality.findings if each.reason.kind == "doubted"]
        assert (doubt.table, doubt.column, doubt.reason.text) == ("", "market.toml", said)
        assert doubt.reason.told("zh") != said
        assert said in str(market.quality)

    @pytest.mark.parametrize(
        "toml",
        [
            '[encodings]\n"offers.csv" = "UTF-8"\n"exports.zip: a/skus.csv" = "UTF-8"\n"skus.csv" = "UTF-8"',
            '[tables]\n"offers.csv" = "offers"\n"a/skus.csv" = "skus"\n"skus.csv" = "skus"\n"note.txt" = "skus"',
            '[tables]\n"merchants_2024-02.csv" = "merchants"\n"export.xlsx: 商品" = "offers"',  # known anyway
        ],
    )
    def test_what_is_there_or_known_anyway_is_not(self, book: Rulebook, folder: Write, toml: str) -> None:
        place = folder({"offers.csv": OFFERS, "note.txt": "offer_id,sku_id\n1,a\n", "market.toml": toml})
        with ZipFile(place / "exports.zip", "w") as archive:
            archive.writestr("a/skus.csv", "offer_id,sku_id\n1,a\n")
        market = read_market(place, book)
        assert market.quality is not None
        assert "doubted" not in market.quality.counts()

    def test_it_is_said_where_a_table_is_missed_for_it(self, book: Rulebook, tmp_path: Path) -> None:
        (tmp_path / "merchants.csv").write_text("merchant_id\nm\n")
        (tmp_path / "x.csv").write_text("a,b\n1,m\n")
        (tmp_path / "market.toml").write_text('[tables]\n"x.cvs" = "offers"')
        with pytest.raises(MarketError) as caught:
            read_market(tmp_path, book)
        assert "market.toml: [tables] names 'x.cvs', which is not here; did you mean 'x.csv'?" in str(caught.value)


def test_the_encoding_of_json_is_doubted_until_it_is_stated(book: Rulebook, folder: Write) -> None:
    text = '[{"offer_id": "1", "merchant_id": "m", "title": "女裝"}]'
    doubted = read_market(folder({"offers.json": text.encode("big5")}), book)
    assert doubted.quality is not None
    assert doubted.quality.counts()["doubted"] == 1
    assert doubted.offers.parts[0].maybe["Big5"] == "女裝"
    said = '[encodings]\n"offers.json" = "Big5"'
    stated = read_market(folder({"offers.json": text.encode("big5"), "market.toml": said}), book)
    assert shown(stated, "title") == ["女裝"]
    assert stated.quality is not None
    assert "doubted" not in stated.quality.counts()


def test_so_is_that_of_json_with_several_lists(book: Rulebook, tmp_path: Path) -> None:
    text = '{"offers": [{"offer_id": "1", "merchant_id": "m", "title": "女裝"}], "merchants": [{"merchant_id": "m"}]}'
    (tmp_path / "all.json").write_bytes(text.encode("big5"))
    doubted = read_market(tmp_path, book)
    assert mapping(doubted, book).count('# "all.json" = "Big5"  # then it has 女裝') == 1
    (tmp_path / "market.toml").write_text('[encodings]\n"all.json" = "Big5"')
    stated = read_market(tmp_path, book)
    assert shown(stated, "title") == ["女裝"]
    assert doubted.quality is not None
    assert stated.quality is not None
    assert (doubted.quality.counts()["doubted"], stated.quality.counts().get("doubted")) == (2, None)
