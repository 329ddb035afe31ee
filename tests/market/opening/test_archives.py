"""Zip files: a part for each table in them; whatever members are called, nothing is written; bombs are refused."""

from __future__ import annotations

import io
import os
import zipfile
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.errors import MarketError
from campaign_analytics.market.opening.files import open_path
from campaign_analytics.market.read import read_market
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import shown

MERCHANTS, OFFERS = "商家ID\nm\n", "商品ID,商家ID,起批量\n{},m,2\n"


def zipped(members: dict[str, str | bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def written(folder: Path, members: dict[str, str | bytes]) -> Path:
    path = folder / "market.zip"
    path.write_bytes(zipped(members))
    return path


def test_a_market_in_an_archive(book: Rulebook, tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {
        "export/店铺.csv": MERCHANTS.encode("gb18030"),
        "export/offers_1.csv": OFFERS.format(1),
        "export/offers/part.txt": OFFERS.format(2).replace(",", "\t"),
        "export/readme.docx": b"x",
        "__MACOSX/._offers.csv": b"\0",
        "empty/": b"",
    }
    for source in (written(tmp_path, members), tmp_path):
        market = read_market(source, book)
        assert shown(market, "offer_id") == ["1", "2"]
        assert market.offers.origin is not None
        assert market.offers.origin.files == ("market.zip: export/offers_1.csv", "market.zip: export/offers/part.txt")
        assert market.quality is not None
        assert market.quality.unread("") == ("market.zip: export/readme.docx",)


class TestWhatItsOwnerDeclares:
    """A folder that was zipped is the same market, be the archive given or alone in its folder."""

    TOML = 'as_of = 2024-02-26\n[tables]\n"skus.csv" = "offers"\n[headers.offers]\n"我的起批" = "moq"\n'

    @pytest.mark.parametrize("folder", ["", "exports/"])
    def test_it_is_read(self, book: Rulebook, tmp_path: Path, folder: str) -> None:
        offers = OFFERS.format(1).replace("起批量", "我的起批")
        members: dict[str, str | bytes] = {"market.toml": self.TOML.encode("utf-8-sig"), "skus.csv": offers}
        members["店铺.csv"] = MERCHANTS
        path = written(tmp_path, {folder + name: held for name, held in members.items()})
        for source in (path, tmp_path, str(path)):
            market = read_market(source, book)
            assert market.declared.as_of == date(2024, 2, 26)
            assert shown(market, "moq") == [2]
            assert market.quality is not None
            assert market.quality.unread("") == ()

    def test_one_beside_the_archive_wins_and_faults_are_named(self, book: Rulebook, tmp_path: Path) -> None:
        members: dict[str, str | bytes] = {"market.toml": "as_off = 1", "店铺.csv": MERCHANTS}
        path = written(tmp_path, {**members, "a.csv": OFFERS.format(1)})
        with pytest.raises(MarketError, match=r"^market\.zip: market\.toml: unknown key 'as_off'; did you mean"):
            read_market(path, book)
        (tmp_path / "market.toml").write_text("as_of = 2024-02-26", "utf-8")
        market = read_market(tmp_path, book)
        assert market.declared.as_of == date(2024, 2, 26)
        assert market.quality is not None
        assert market.quality.unread("") == ("market.zip: market.toml",)


def test_names_of_older_programs(tmp_path: Path) -> None:
    data = zipped({"AABB.csv": OFFERS.format(1)}).replace(b"AABB", "商品".encode("gb18030"))
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    (found,) = open_path(path, len).found
    assert found.place == "x.zip: 商品.csv"


TRICKS = [
    "../../offers.csv",
    "/etc/offers.csv",
    "C:\\Windows\\offers.csv",
    "..\\..\\offers.csv",
    "a/\r\n\x1b[2J/offers.csv",
]


@pytest.mark.parametrize("name", TRICKS)
def test_paths_that_lead_out_of_the_archive_lead_nowhere(book: Rulebook, tmp_path: Path, name: str) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    path = written(inner, {name: OFFERS.format(1), "merchants.csv": MERCHANTS})
    market = read_market(path, book)
    assert shown(market, "offer_id") == ["1"]
    assert [each for _, _, files in os.walk(tmp_path) for each in files] == ["market.zip"]
    assert market.offers.origin is not None
    (place,) = market.offers.origin.files
    assert place.isprintable()
    assert ".." not in place


def test_two_members_of_one_name_are_not_both_read(tmp_path: Path) -> None:
    data = zipped({"offers.csv": OFFERS.format(1), "offers_csv": OFFERS.format(2)}).replace(
        b"offers_csv", b"offers.csv"
    )
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    opened = open_path(path, len)
    assert len(opened.found) == 1
    assert opened.unread == [("x.zip: offers.csv", "a second file of this name", "")]


def test_a_table_that_can_not_be_opened_is_no_smaller_market(book: Rulebook, tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {"merchants.csv": MERCHANTS, "offers_1.csv": OFFERS.format(1), "x.csv": b"\0"}
    market = read_market(written(tmp_path, members), book)
    assert market.quality is not None
    assert market.quality.unread("") == ("market.zip: x.csv",)
    with pytest.raises(MarketError, match=r"^market\.zip: offers_2\.csv: not text"):
        read_market(written(tmp_path, {**members, "offers_2.csv": b"\0"}), book)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "market.zip can't be read as a zip file"),
        (b"PK\x03\x04", "market.zip can't be read as a zip file"),
        (zipped({}), "market.zip is empty"),
        (zipped({"offers.csv": OFFERS})[:-30], "market.zip can't be read as a zip file"),
        (zipped({"offers.csv": b"\0" * (200 << 20)}), "market.zip unpacks to 209,715,200 bytes"),
        (zipped({f"{place}.csv": "" for place in range(10_001)}), "market.zip holds 10,001 files"),
    ],
    ids=["nothing", "no zip", "empty", "cut off", "bomb", "many"],
)
def test_what_is_no_archive_or_too_much_of_one_is_refused(
    book: Rulebook, tmp_path: Path, data: bytes, said: str
) -> None:
    (tmp_path / "market.zip").write_bytes(data)
    with pytest.raises(MarketError) as caught:
        read_market(tmp_path / "market.zip", book)
    assert said in str(caught.value)


class TestArchivesInArchives:
    """A year of exports is often a zip of twelve: one level is opened, within the bounds of the whole."""

    def test_each_is_as_a_folder_of_its_name(self, book: Rulebook, tmp_path: Path) -> None:
        members: dict[str, str | bytes] = {
            "店铺.csv": MERCHANTS,
            "1月.zip": zipped({"商品.csv": OFFERS.format(1)}),
            "2月/商品.zip": zipped({"导出.csv": OFFERS.format(2), "../../x/offers.csv": OFFERS.format(3)}),
        }
        market = read_market(written(tmp_path, members), book)
        assert shown(market, "offer_id") == ["1", "2", "3"]
        assert market.offers.origin is not None
        assert market.offers.origin.files == (
            "market.zip: 1月.zip: 商品.csv",
            "market.zip: 2月/商品.zip: 导出.csv",
            "market.zip: 2月/商品.zip: x/offers.csv",
        )

    def test_those_within_them_are_told(self, tmp_path: Path) -> None:
        inner = zipped({"deep.zip": zipped({"offers.csv": OFFERS.format(1)}), "offers.csv": OFFERS.format(2)})
        opened = open_path(written(tmp_path, {"more.zip": inner}), len)
        assert [found.place for found in opened.found] == ["market.zip: more.zip: offers.csv"]
        assert opened.unread == [("market.zip: more.zip: deep.zip", "an archive in archives; unpack it", "")]

    def test_together_they_unpack_to_no_more_than_one(self, tmp_path: Path) -> None:
        sparse = zipped({"offers.csv": b"0" * (30 << 20)})
        opened = open_path(written(tmp_path, {f"{place}.zip": sparse for place in range(4)}), len)
        assert [each.why.partition(",")[0] for each in opened.unread] == [
            "market.zip: 0.zip: offers.csv: no row of headers in its first 1",
            "market.zip: 1.zip: offers.csv: no row of headers in its first 1",
            "market.zip: 2.zip unpacks to 31",
            "market.zip: 3.zip unpacks to 31",
        ]

    def test_one_that_is_named_after_a_table_and_broken_is_no_smaller_market(
        self, book: Rulebook, tmp_path: Path
    ) -> None:
        broken = zipped({"export.csv": b"\0"})
        members: dict[str, str | bytes] = {"merchants.csv": MERCHANTS, "1.csv": OFFERS.format(1), "offers.zip": broken}
        with pytest.raises(MarketError, match=r"^market\.zip: offers\.zip: export\.csv: not text"):
            read_market(written(tmp_path, members), book)


def test_a_size_that_is_not_true_unpacks_no_further(tmp_path: Path) -> None:
    """A member says that it is small: no more than it says is read, and its checksum fails."""
    bomb = zipped({"offers.csv": b"0" * (100 << 20)})
    size = (100 << 20).to_bytes(4, "little")
    (tmp_path / "x.zip").write_bytes(bomb.replace(size, (1000).to_bytes(4, "little")))
    (unread,) = open_path(tmp_path / "x.zip", len).unread
    assert "can't be unpacked" in unread.why


ARCHIVE = zipped({"offers.csv": OFFERS.format(1), "a/b.txt": MERCHANTS})


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(ARCHIVE) - 1), st.binary(max_size=8), st.booleans())
def test_any_damage_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, place: int, noise: bytes, whole: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.zip"
    path.write_bytes(ARCHIVE[:place] + noise + (ARCHIVE[place + len(noise) :] if whole else b""))
    with suppress(MarketError):
        open_path(path, len)


def test_a_file_is_opened_as_what_it_is_whatever_its_name_says(tmp_path: Path) -> None:
    (tmp_path / "export.xls").write_bytes("商品ID\t商家ID\n1\tm\n".encode("gb18030"))
    (found,) = open_path(tmp_path / "export.xls", len).found
    assert found.headers == ["商品ID", "商家ID"]
    (tmp_path / "page.xls").write_bytes(b"<html><table></table></html>")
    with pytest.raises(MarketError, match="is a web page"):
        open_path(tmp_path / "page.xls", len)
