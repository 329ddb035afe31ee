"""Bringing one's own data: what is left open is offered, a choice is read at once, nothing in a name runs."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from IPython.core.formatters import DisplayFormatter

from campaign_analytics import CampaignError, load_rulebook, read_market
from campaign_analytics.dashboard.intake import IntakePanel, safe_name
from campaign_analytics.rulebook.book import Rulebook
from tests.dashboard.conftest import HOSTILE
from tests.market.same import assert_same


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook("spring_2024", "corrected")


@pytest.fixture
def exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "merchants.csv").write_text("merchant_id\nm\n", "utf-8")
    rows = "商品ID,会员ID,商品成长分数,备注,近30天48H揽收率\n1,m,61,a,95.3\n2,m,59,b,0.9\n6.1E+11,m,1,c,90\n"
    (folder / "offers.csv").write_text(rows, "utf-8")
    (folder / "扣分.csv").write_text("会员ID,扣分情况\nm,12\n", "utf-8")
    return folder


def pick(panel: IntakePanel, kind: str, name: str, means: str) -> None:
    """What a person does: choose in both lists, and press the button."""
    row = panel.rows[kind]
    row.name.value = next(value for label, value in row.name.options if name in label)
    row.means.value = means
    row.use.click()


def labels(panel: IntakePanel, kind: str) -> list[str]:
    return [label for label, _ in panel.rows[kind].name.options]


def test_what_is_left_open_is_offered_with_what_it_may_mean_first(book: Rulebook, exports: Path) -> None:
    panel = IntakePanel(book, exports)
    assert panel.status.value.endswith("rows understood as data of 2 tables, from 2 sources</div>")
    assert labels(panel, "headers") == ["Offers · 商品成长分数", "Offers · 备注"]
    assert panel.rows["headers"].means.value == "growth_score"
    assert labels(panel, "units") == ["48-hour pickup rate, 30 days: it can't be told of every cell"]
    assert labels(panel, "tables") == ["扣分.csv"]
    assert "6.1E+11" in panel.shown.value


def test_a_choice_is_read_at_once_and_can_be_taken_back(book: Rulebook, exports: Path) -> None:
    panel = IntakePanel(book, exports)
    pick(panel, "headers", "商品成长分数", "growth_score")
    assert panel.market.offers.cells["growth_score"].values.tolist() == [61, 59]
    pick(panel, "units", "pickup", "percent")
    assert panel.market.offers.cells["pickup_rate_48h"].values.tolist() == [0.953, 0.009]
    assert "商品成长分数 → growth_score; pickup_rate_48h → percent" in panel.made.value
    panel.do(panel.take_back)
    panel.do(panel.take_back)
    assert panel.market.offers.cells["growth_score"].gone.all()
    panel.do(panel.take_back)
    assert "there is no choice to take back" in panel.status.value


def test_a_choice_that_spoils_everything_is_said_and_not_kept(book: Rulebook, exports: Path) -> None:
    panel = IntakePanel(book, exports)
    before = panel.market
    pick(panel, "tables", "扣分.csv", "offers")
    assert "✗ 扣分.csv: no column offer_id" in panel.status.value
    assert panel.market is before
    assert panel.choices == []
    pick(panel, "tables", "扣分.csv", "penalties")
    assert panel.market.tables["penalties"].rows == 1


def test_nothing_is_proposed_for_a_header_that_is_near_none(book: Rulebook, exports: Path) -> None:
    panel = IntakePanel(book, exports)
    row = panel.rows["headers"]
    row.name.index = 1
    assert row.means.value == ""
    row.use.click()
    assert "✗ choose what 备注 means first" in panel.status.value
    assert panel.choices == []


def test_what_is_no_market_yet_can_be_made_one(book: Rulebook, exports: Path) -> None:
    text = (exports / "offers.csv").read_text("utf-8").replace("商品ID", "编码").replace("会员ID", "店家")
    (exports / "offers.csv").write_text(text, "utf-8")
    panel = IntakePanel(book, exports)
    assert "✗ offers.csv" in panel.status.value
    with pytest.raises(CampaignError, match="nothing could be read yet"):
        panel.market  # noqa: B018
    pick(panel, "headers", "编码", "offer_id")
    assert "no column merchant_id" in panel.status.value
    pick(panel, "headers", "店家", "merchant_id")
    assert panel.market.offers.rows == 2


@pytest.mark.parametrize("headers", ["offer_id,merchant_id", "offer_id,x"])
def test_an_encoding_that_nothing_tells_is_chosen_by_what_it_says(book: Rulebook, exports: Path, headers: str) -> None:
    (exports / "offers.csv").write_text(f"{headers},title\n1,m,女裝\n", "big5")
    panel = IntakePanel(book, exports)
    assert labels(panel, "encodings") == ["offers.csv"]
    assert [label.split()[0] for label, _ in panel.rows["encodings"].means.options] == ["choose", "GB18030", "Big5"]
    assert "Big5 (女裝)" in [label for label, _ in panel.rows["encodings"].means.options]
    pick(panel, "encodings", "offers.csv", "Big5")
    if "x" in headers:
        pick(panel, "headers", "x", "merchant_id")
    assert panel.market.offers.cells["title"].to_pandas().tolist() == ["女裝"]
    assert labels(panel, "encodings") == []
    assert panel.market.declared.encodings == {"offers.csv": "Big5"}
    panel.do(panel.write)
    assert tomllib.loads(Path("my_market/mapping.toml").read_text("utf-8"))["encodings"] == {"offers.csv": "Big5"}
    panel.do(panel.take_back)
    if "x" not in headers:
        assert labels(panel, "encodings") == ["offers.csv"]


def test_what_is_written_is_a_market_and_a_mapping(book: Rulebook, exports: Path) -> None:
    panel = IntakePanel(book, exports)
    pick(panel, "headers", "商品成长分数", "growth_score")
    panel.do(panel.write)
    assert "In notebook 1: folder = " in panel.status.value
    assert_same(panel.market, read_market("my_market/clean", book))
    held = tomllib.loads(Path("my_market/mapping.toml").read_text("utf-8"))
    assert held["headers"]["offers"]["商品成长分数"] == "growth_score"
    assert_same(panel.market, read_market(exports, book, "my_market/mapping.toml"))
    assert Path("my_market/offers_rejected.csv").exists()


def uploaded(name: str, content: bytes) -> dict[str, Any]:
    """A file as the browser sends it."""
    return {
        "name": name,
        "type": "",
        "size": len(content),
        "content": memoryview(content),
        "last_modified": datetime(2024, 2, 26),
    }


def test_files_are_uploaded_into_a_folder_of_their_own(book: Rulebook, exports: Path) -> None:
    panel = IntakePanel(book)
    files = {path.name: path.read_bytes() for path in exports.iterdir()}
    panel.upload.set_trait("value", tuple(uploaded(f"../{name}", content) for name, content in files.items()))
    assert Path(panel.folder.value).parent == Path("uploads")
    assert {path.name for path in Path(panel.folder.value).iterdir()} == set(files)
    assert panel.market.offers.rows == 2


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\offers.csv", "offers.csv"),
        ("商品 (1).csv", "商品 (1).csv"),
        ("..", "file"),
        ("", "file"),
        ("a\x00b\n.csv", "a_b_.csv"),
        (".hidden", "hidden"),
    ],
)
def test_a_name_leads_nowhere_else(name: str, kept: str) -> None:
    assert safe_name(name) == kept


@pytest.mark.parametrize("folder", ["", "nowhere", "exports/offers.csv"])
def test_what_goes_wrong_is_said_in_words(book: Rulebook, exports: Path, folder: str) -> None:
    panel = IntakePanel(book, folder)
    panel.do(panel.read)
    assert "✗" in panel.status.value
    assert "Traceback" not in panel.status.value
    assert "could not be computed" not in panel.status.value


def test_markup_in_names_is_text(book: Rulebook, exports: Path) -> None:
    text = (exports / "offers.csv").read_text("utf-8").replace("备注", HOSTILE).replace("6.1E+11", f"{HOSTILE}6.1E+11")
    (exports / "offers.csv").write_text(text, "utf-8")
    (exports / f"{HOSTILE.replace('/', '_')}.csv").write_text("x\n1\n", "utf-8")
    panel = IntakePanel(book, exports)
    for widget in (panel.shown, panel.status, panel.made, panel.fonts):
        assert "<script" not in widget.value
    assert "&lt;script&gt;" in panel.shown.value
    pick(panel, "headers", "script", "moq")
    assert "<script" not in panel.made.value


def test_it_has_a_live_face_and_a_static_one(book: Rulebook, exports: Path) -> None:
    data, _ = DisplayFormatter().format(IntakePanel(book, exports))  # type: ignore[no-untyped-call]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "商品成长分数" in data["text/html"]


def test_in_chinese_everything_is(book: Rulebook, exports: Path) -> None:
    panel = IntakePanel(book, exports, "zh")
    assert panel.rows["headers"].name.description == "表头"
    assert labels(panel, "headers")[0] == "商品 · 商品成长分数"
    assert "识别为 2 张表" in panel.status.value
    assert "未识别的表头" in panel.shown.value
    pick(panel, "tables", "扣分.csv", "offers")
    assert "✗ 扣分.csv：没有 offer_id 列，缺少它表 offers 的行没有意义" in panel.status.value
    assert "font-face" in IntakePanel(book, "nowhere", "zh").fonts.value
    panel.folder.value = "nowhere"
    panel.do(panel.read)
    assert "✗ nowhere 不存在；应为含有商家文件和商品文件的文件夹" in panel.status.value
