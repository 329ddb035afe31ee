"""Encodings: told by what bytes allow, then by known headers; never a silent guess."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from campaign_analytics.errors import MarketError
from campaign_analytics.market.mapping import mapping
from campaign_analytics.market.opening.encodings import BROKEN, decoded
from campaign_analytics.market.raw import PART, Raw
from campaign_analytics.market.read import read_market
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import Write, shown
from tests.market.opening.test_archives import zipped
from tests.market.test_keys import fates

HEADERS = "商品ID,商家ID,類目"
TEXT = f"{HEADERS}\n1,m,女裝\n"


def known(head: str) -> int:
    """As many as there are of these headers."""
    return sum(header in head for header in HEADERS.split(","))


def unknown(head: str) -> int:
    return 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "big5"])
def test_one_text_in_every_encoding(encoding: str) -> None:
    held = decoded("x.csv", Raw.of(TEXT.encode(encoding)), known)
    assert (held.file().read(), held.broken) == (TEXT, False)
    said = {"gb18030": "GB18030", "big5": "Big5"}.get(encoding, encoding[:6].upper())
    assert held.encoding == said.removesuffix("-")


@pytest.mark.parametrize(
    ("text", "knows", "said"),
    [
        ("offer_id,category\n1,女装\n", unknown, "GB18030"),  # these two happen to be good UTF-8
        ("商品ID,商家ID\n1,m\n", unknown, "GB18030"),
        ("offer_id,price\n1,¥3\n", unknown, "UTF-8"),
        ("offer_id,open\n1,√\n", unknown, "UTF-8"),
        ("offer_id\n1\n", unknown, "UTF-8"),
    ],
)
def test_where_two_encodings_are_possible(text: str, knows: Callable[[str], int], said: str) -> None:
    encoding = {"GB18030": "gb18030", "UTF-8": "utf-8"}[said]
    assert (decoded("x.csv", Raw.of(text.encode(encoding)), knows).encoding) == said


def test_big5_without_known_headers_is_not_guessed() -> None:
    """Its bytes are good GB18030 too: read as such, no header is known, and that is said."""
    assert decoded("x.csv", Raw.of("甲,乙\n1,女裝\n".encode("big5")), known).encoding == "GB18030"


class TestBig5UnderEnglishHeaders:
    """All that is good Big5 is good GB18030, and short texts are often both: it is said, and can be told."""

    TEXT = "offer_id,merchant_id,title\n1,m,女裝\n"

    def test_it_is_doubted(self, book: Rulebook, folder: Write) -> None:
        market = read_market(folder({"offers.csv": self.TEXT.encode("big5")}), book)
        assert shown(market, "title") != ["女裝"]
        assert market.quality is not None
        (doubt,) = [each for each in market.quality.findings if each.reason.kind == "doubted"]
        assert (doubt.table, doubt.column) == ("offers", "offers.csv")
        read = "女裝".encode("big5").decode("gb18030")
        assert doubt.reason.text == f"its {read} may be 女裝 in Big5; if it is, say so in market.toml: [encodings]"
        assert "可能是“女裝”（Big5 编码）" in doubt.reason.told("zh")
        assert '# "offers.csv" = "Big5"  # then it has 女裝' in mapping(market, book)

    @pytest.mark.parametrize(
        "text", ["offer_id,merchant_id,title\n1,m,春季新款其他商品\n2,m,喆\n", "商品ID,商家ID\n1,m\n"]
    )
    def test_what_can_not_be_is_not_doubted(self, book: Rulebook, folder: Write, text: str) -> None:
        market = read_market(folder({"offers.csv": text.encode("gb18030")}), book)
        assert market.quality is not None
        assert "doubted" not in market.quality.counts()

    @pytest.mark.parametrize("name", ["offers.csv", "x.zip"])
    def test_its_owner_states_it(self, book: Rulebook, folder: Write, name: str) -> None:
        data, files = self.TEXT.encode("big5"), dict[str, str | bytes]()
        merchants = "merchant_id\nm\n"
        files[name] = data if name == "offers.csv" else zipped({"offers.csv": data, "merchants.csv": merchants})
        files["market.toml"] = '[encodings]\n"offers.csv" = "Big5"\n'
        place = folder(files)
        if name == "x.zip":
            for each in ("offers.csv", "merchants.csv"):
                (place / each).unlink()
        market = read_market(place, book)
        assert shown(market, "title") == ["女裝"]
        assert market.quality is not None
        assert "doubted" not in market.quality.counts()
        assert '\n"offers.csv" = "Big5"\n' in mapping(market, book)

    def test_another_one_is_refused_in_words(self, book: Rulebook, folder: Write) -> None:
        with pytest.raises(MarketError, match=r"'offers\.csv' = 'big-5': expected 'UTF-8' or 'GB18030' or 'Big5'"):
            read_market(folder({"market.toml": '[encodings]\n"offers.csv" = "big-5"\n'}), book)


@pytest.mark.parametrize("cut", [1, 2])
def test_utf_8_that_is_cut_off_in_a_character_is_not_taken_for_another_encoding(cut: int) -> None:
    held = decoded("x.csv", Raw.of("offer_id,category\n1,女装\n2,女装".encode()[:-cut]), unknown)
    assert held.file().read() == f"offer_id,category\n1,女装\n2,女{BROKEN}"
    assert (held.encoding, held.broken) == ("UTF-8", True)


@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "big5"])
def test_no_character_is_lost_where_a_text_is_read_in_parts(encoding: str, shift: int) -> None:
    text = TEXT + "x" * shift + "女裝" * (PART // 4)
    held = decoded("x.csv", Raw.of(text.encode(encoding)), known)
    assert (held.file().read() == text, held.broken) == (True, False)
    assert b"".join(held.parts(9)).decode() == text.encode()[9:].decode()


@pytest.mark.parametrize("place", [PART - 1, PART, PART + 1, 2 * PART])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_damage_in_a_later_part_harms_no_character_beside_it(encoding: str, place: int) -> None:
    data = bytearray((TEXT + "女" * PART).encode(encoding))
    start = place - (place - len(TEXT.encode(encoding))) % len("女".encode(encoding))
    data[start : start + len("女".encode(encoding))] = b"\xff"
    held = decoded("x.csv", Raw.of(bytes(data)), known)
    assert held.file().read() == f"{data[:start].decode(encoding)}{BROKEN}{data[start + 1 :].decode(encoding)}"
    assert held.broken


@pytest.mark.parametrize("data", [b"a\0b", b"\0" * 9, "甲,乙".encode("utf-16-le"), b"\x80\x81,\xff", b"\xff" * 99])
def test_what_is_no_text_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(MarketError, match=r"^x\.csv: (not text, byte \d+ is zero|unknown encoding)"):
        decoded("x.csv", Raw.of(data), known)


def test_rows_with_broken_bytes_are_rejected_alone(book: Rulebook, folder: Write) -> None:
    data = "商品ID,商家ID,标题\n1,m,甲\n2,m,".encode() + b"\xe5\xa5" + ",\n3,m,乙\n".encode().replace(b",\n", b"\n", 1)
    market = read_market(folder({"offers.csv": data}), book)
    assert shown(market, "offer_id") == ["1", "3"]
    assert fates(market) == {"read": 4, "kept": 2, "rejected": 1, "headers": 1}
    assert market.quality is not None
    rejected = market.quality.rejected("offers")
    assert rejected["row"].tolist() == [3]
    assert rejected["reason"].tolist() == ["bytes in it are no UTF-8: cut off, or damaged"]


def test_the_encoding_is_told(book: Rulebook, folder: Write) -> None:
    quality = read_market(folder({"offers.csv": "商品ID\t商家ID\n1\tm\n".encode("gb18030")}), book).quality
    assert quality is not None
    told = {each.column: each.reason.text for each in quality.findings if each.reason.kind == "settled"}
    assert told["offers.csv"] == "GB18030, cells between tabs"
    assert told["merchants.csv"] == "UTF-8, cells between commas"
