"""``campaign-analytics claims``: words that may not stand in a title, and where they stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import campaign_analytics as ca
from tests.cli.conftest import SPRING, Run


def test_texts_that_are_typed(run: Run) -> None:
    said = run("claims", "--text", "全 国 第①", "--text", "春款", "--text", "頂級，最大码")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "Words of the list stand 2 times in 2 of 3 rows"
    assert [line.split()[0] for line in lines[2:]] == ["1", "3"]
    assert "頂級" in lines[3]


def test_a_text_without_any(run: Run) -> None:
    said = run("claims", "--text", "最近上新", "--lang", "zh")
    assert (said.code, said.out) == (0, "1 行均不含词表中的词\n")


def test_a_market(run: Run, tmp_path: Path) -> None:
    book = ca.load_rulebook("spring_2024", "corrected")
    table = ca.claims(ca.read_market(SPRING, book), book)
    told = json.loads(run("claims", SPRING, "--json", "--out", "hits.csv").out)
    assert told["claims"] == len(told["found"]) == len(table)
    assert told["in"] == table["offer_id"].nunique()
    assert told["of"] == 2000
    assert told["found"] == json.loads(table.to_json(orient="records", force_ascii=False))
    assert told["written"] == ["hits.csv"]
    assert len(pd.read_csv(tmp_path / "hits.csv")) == len(table)
    shown = run("claims", SPRING, "--lang", "zh").out.splitlines()
    assert shown[1].split() == ["商品ID", "列", "原文写法", "词表中的词", "上下文"]
    assert shown[-1].startswith(f"共 {len(table)} 行")


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_one_file_of_titles_and_nothing_else(run: Run, tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame({"商品标题": ["春款", "销量第一", None, "TOP10"], "价格": [1, 2, 3, 4]})
    path = tmp_path / f"titles.{ending}"
    writers: dict[str, Any] = {"csv": frame.to_csv, "xlsx": frame.to_excel, "parquet": frame.to_parquet}
    writers[ending](path, index=False)
    told = json.loads(run("claims", path, "--json").out)
    assert [(each["row"], each["column"], each["found"]) for each in told["found"]] == [(3, "title", "销量第一")]
    assert (told["claims"], told["in"], told["of"]) == (1, 1, 4)


def test_a_workbook_in_words_with_nothing_that_a_spreadsheet_would_run(run: Run, tmp_path: Path) -> None:
    pd.DataFrame({"offer_id": ["=1+1"], "title": ["=最大()"]}).to_csv(tmp_path / "offers.csv", index=False)
    assert run("claims", "offers.csv", "--out", "hits.xlsx").code == 0
    shown = pd.read_excel(tmp_path / "hits.xlsx", engine="calamine")
    assert list(shown.columns) == ["Offer ID", "Column", "As written", "Word of the list", "Context"]
    assert shown["Offer ID"].tolist() == ["=1+1"]  # a text, not a formula


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nowhere"], "nowhere does not exist"),
        (["titles.docx"], "titles.docx: expected a folder of tables, or a file that ends in .csv or .tsv or .txt"),
        (["prices.csv"], "prices.csv: none of its columns is one of 标题"),
        (["--text", "x", "--rulebook", "daily_deals"], "daily_deals looks for no words in texts"),
        (["--text", "x", "--out", "hits.txt"], "hits.txt: expected a name that ends in"),
    ],
)
def test_what_cannot_be_is_refused_in_words(run: Run, tmp_path: Path, arguments: list[str], reason: str) -> None:
    (tmp_path / "titles.docx").write_text("最大", "utf-8")
    (tmp_path / "prices.csv").write_text("offer_id,价格\n1,2\n", "utf-8")
    said = run("claims", *arguments)
    assert (said.code, said.out) == (1, "")
    assert reason in said.err


@pytest.mark.parametrize("arguments", [[], ["exports", "--text", "x"]])
def test_wrong_usage(run: Run, arguments: list[str]) -> None:
    assert run("claims", *arguments).code == 2
