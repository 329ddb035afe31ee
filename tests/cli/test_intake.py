"""``intake``: what was understood first, then what was made of it, and nothing of anybody's written over."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

import duckdb
import pytest

from tests.cli.conftest import SPRING, Run


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """Two merchants, three offers (one without its digits), and headers that are nearly known."""
    folder = tmp_path / "导出"
    folder.mkdir()
    (folder / "商家.csv").write_text("会员ID,备注\nm1,x\nm2,y\n", "gb18030")
    rows = "610000000001,m1,95.3,61\n610000000002,m2,90,59\n6.1E+11,m1,88,70\n"
    (folder / "商品.csv").write_text("商品ID,会员ID,近30天48H揽收率,商品成长分数\n" + rows, "gb18030")
    (folder / "read me.txt").write_text("hello", "utf-8")
    return folder


def test_what_was_understood_comes_first(run: Run, exports: Path) -> None:
    said = run("intake", exports)
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0] == "4 of 7 rows understood as data of 2 tables, from 2 sources"
    assert lines[2] == "Offers: 4 rows read: Kept 2, Headers 1, Rejected 1"
    for part in ("商品.csv", "read me.txt", "Growth score (growth_score)", "95.3 means 95.3%", "nowhere in the data"):
        assert part in said.out
    assert "Written" not in said.out
    assert [path.name for path in Path.cwd().iterdir()] == ["导出"]


def test_it_writes_a_clean_market_a_mapping_and_the_rejected_rows(run: Run, exports: Path) -> None:
    said = run("intake", exports, "--out", "mine")
    assert said.out.splitlines()[-2:] == [
        "Written: mine/clean, mine/mapping.toml, mine/offers_rejected.csv",
        "Next: campaign-analytics assess mine/clean",
    ]
    assert "6.1E+11,m1,88,70" in Path("mine/offers_rejected.csv").read_text("utf-8-sig")
    assert run("assess", "mine/clean", "--as-of", "2024-02-26").code == 0


def test_a_mapping_is_edited_and_passed_in(run: Run, exports: Path) -> None:
    run("intake", exports, "--out", "mine")
    mapping = Path("mine/mapping.toml")
    mapping.write_text(mapping.read_text("utf-8").replace('# "商品成长分数"', '"商品成长分数"'), "utf-8")
    said = run("intake", exports, "--out", "mine")
    assert (said.code, said.out) == (1, "")
    assert "perhaps somebody edited it" in said.err
    said = run("intake", exports, "--mapping", mapping, "--out", "mine", "--json")
    assert said.code == 0
    told = json.loads(said.out)
    assert {"table": "offers", "header": "商品成长分数", "column": "growth_score"} in told["matched"]
    assert '\n"商品成长分数" = "growth_score"' in mapping.read_text("utf-8")


def test_a_misspelt_name_in_a_mapping_is_said_in_full(run: Run, exports: Path) -> None:
    (exports / "market.toml").write_text('[encodings]\n"商品1.csv" = "GB18030"\n', "utf-8")
    said = run("intake", exports)
    assert "[encodings] names '商品1.csv', which is not here; did you mean '商品.csv'?" in said.out


def test_for_machines_everything_is_told(run: Run) -> None:
    told = json.loads(run("intake", SPRING, "--json").out)
    assert set(told) == {"rows", "files", "unread", "matched", "units", "unmatched", "absent", "columns", "written"}
    assert {row["table"]: row["kept"] for row in told["rows"]}["offers"] == 2000
    assert len(told["matched"]) > 80


def test_it_speaks_chinese(run: Run, exports: Path) -> None:
    said = run("intake", exports, "--lang", "zh", "--out", "mine").out
    for part in ("识别为 2 张表", "未识别的表头", "商品成长分 (growth_score)", "下一步：campaign-analytics assess"):
        assert part in said
    assert "以下是读取时的理解" in Path("mine/mapping.toml").read_text("utf-8")


def test_it_refuses_in_chinese(run: Run, tmp_path: Path) -> None:
    said = run("intake", "nowhere", "--lang", "zh")
    assert said.err == "未执行： nowhere 不存在；应为含有商家文件和商品文件的文件夹\n"
    (tmp_path / "merchants.csv").write_text("店家\nm\n", "utf-8")
    (tmp_path / "market.toml").write_text("[units]\nmoqq = 'percent'\n", "utf-8")
    assert "units：没有名为 'moqq' 的比率、日期或时间列" in run("intake", tmp_path, "--lang", "zh").err
    (tmp_path / "market.toml").unlink()
    said = run("intake", tmp_path, "--lang", "zh")
    assert "中没有表 offers：找的是 offers.csv" in said.err


def test_progress_is_shown_on_a_terminal_alone(run: Run, exports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "━" not in run("intake", exports).err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert "━" in run("intake", exports).err


DATABASE = [
    "CREATE TABLE shops (merchant_id TEXT); INSERT INTO shops VALUES ('m')",
    "CREATE TABLE goods (offer_id TEXT, merchant_id TEXT, moq INTEGER); INSERT INTO goods VALUES ('1', 'm', 2)",
    "CREATE TABLE goods_of_last_year AS SELECT * FROM goods",
]


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_a_database_is_understood_by_its_tables_names(run: Run, tmp_path: Path, engine: str) -> None:
    connection = (duckdb if engine == "duckdb" else sqlite3).connect(str(tmp_path / "own.db"))
    for statement in ";".join(DATABASE).split(";"):
        connection.execute(statement)
    connection.commit()
    connection.close()
    Path("tables.toml").write_text('[tables]\nshops = "merchants"\ngoods = "offers"\n', "utf-8")
    said = run("intake", f"{engine}:///own.db", "--mapping", "tables.toml", "--out", "mine")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[0] == "2 of 2 rows understood as data of 2 tables, from 2 sources"
    assert "own.db: goods_of_last_year" in said.out
    assert "file" not in said.out.lower()
    assert run("assess", "mine/clean", "--as-of", "2024-02-26").code == 0
    said = run("intake", f"{engine}:///own.db", "--mapping", "mine/mapping.toml")
    assert (said.code, said.err) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["duckdb:///nowhere.db"], "nowhere.db does not exist; expected a database file"),
        (["nosuch://li:secret@host/market"], "nosuch://host/market: its driver is not installed"),
        (["sqlite:///导出/商品.csv"], "商品.csv can't be read"),
        (["nowhere"], "nowhere does not exist"),
        (["导出", "--mapping", "none.toml"], "none.toml can't be opened"),
        (["导出", "--mapping", "导出/商品.csv"], "商品.csv"),
        (["导出", "--rulebook", "sprung_2024"], "did you mean 'spring_2024'"),
        (["导出", "--out", "导出/商品.csv"], "商品.csv"),
    ],
)
def test_what_cannot_be_is_refused_in_words(run: Run, exports: Path, arguments: list[str], reason: str) -> None:
    there = {path: path.read_bytes() for path in exports.iterdir()}
    said = run("intake", *arguments)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("refused:")
    assert reason in said.err
    assert {path: path.read_bytes() for path in exports.iterdir()} == there


@pytest.mark.parametrize("arguments", [["intake"], ["intake", "x", "--set", "max_moq=3"], ["intake", "x", "--format"]])
def test_wrong_usage_is_told_apart(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).code == 2


def test_help_has_examples_and_exit_codes(run: Run) -> None:
    said = run("intake", "--help").out
    assert "campaign-analytics intake exports --mapping mine/mapping.toml --out mine" in said
    assert "exit codes: 0 results were written, 1 refused, 2 wrong usage" in said
