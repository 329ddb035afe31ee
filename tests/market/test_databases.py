"""A market in a database: a DuckDB file, a SQLite file, read and never written."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from campaign_analytics.errors import MarketError
from campaign_analytics.market.databases import file_of, is_url, without_secrets
from campaign_analytics.market.read import read_market
from campaign_analytics.market.reasons import in_language
from campaign_analytics.market.schema import Declared, Market
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import shown
from tests.market.test_keys import fates

Make = Callable[..., str]

TABLES = [
    "CREATE TABLE merchants (merchant_id TEXT, trade_medal TEXT)",
    "INSERT INTO merchants VALUES ('m', 'AAA')",
    "CREATE TABLE offers (offer_id BIGINT, merchant_id TEXT, moq INTEGER, list_price DECIMAL(10, 2), title TEXT)",
    "INSERT INTO offers VALUES (610000000000000001, 'm', 2, 28.5, '甲'), (2, 'm', NULL, 9.99, NULL)",
    "INSERT INTO offers VALUES (NULL, 'm', 1, 1, '')",
]


def _duckdb(path: Path, statements: list[str]) -> str:
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    return f"duckdb:///{path}"


def _sqlite(path: Path, statements: list[str]) -> str:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


@pytest.fixture(params=[_duckdb, _sqlite], ids=["duckdb", "sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Make a database file of these statements; gives its URL."""

    def made(*statements: str) -> str:
        url: str = request.param(tmp_path / "market.db", [*TABLES, *statements])
        return url

    return made


def message(url: str, book: Rulebook, declared: Declared | None = None) -> str:
    with pytest.raises(MarketError) as error:
        read_market(url, book, declared)
    return str(error.value)


def unread(market: Market) -> dict[str, str]:
    assert market.quality is not None
    return {each.column: each.reason.text for each in market.quality.findings if each.reason.kind == "unread"}


def test_tables_by_their_names(make: Make, book: Rulebook) -> None:
    market = read_market(make("CREATE TABLE skus (offer_id TEXT, sku_id TEXT)", "CREATE TABLE logs (said TEXT)"), book)
    assert shown(market, "offer_id") == ["610000000000000001", "2"]
    assert shown(market, "moq") == [2, None]
    assert shown(market, "list_price") == [28.5, 9.99]
    assert shown(market, "title") == ["甲", None]
    assert market.tables["skus"].rows == 0
    assert fates(market) == {"read": 3, "kept": 2, "rejected": 1}
    assert unread(market) == {"market.db: logs": "not a table: neither its name nor its headers are known"}
    assert market.quality is not None
    assert market.quality.rejected("offers")[["file", "row"]].to_numpy().tolist() == [["market.db: offers", 3]]


def test_tables_by_their_headers_and_chinese_names(make: Make, book: Rulebook) -> None:
    more = 'CREATE TABLE "导出 1" ("商品ID" TEXT, "SKU编号" TEXT, "SKU库存" INTEGER)'
    market = read_market(make(more, "INSERT INTO \"导出 1\" VALUES ('2', 's', 7)"), book)
    assert market.tables["skus"].cells["sku_stock"].values.tolist() == [7]


def test_the_owners_word_wins(make: Make, book: Rulebook) -> None:
    url = make("CREATE VIEW enrolled AS SELECT * FROM offers WHERE moq = 2")
    declared = Declared(tables={"enrolled": "offers"})
    market = read_market(url, book, declared)
    assert shown(market, "offer_id") == ["610000000000000001"]
    why = unread(market)["market.db: offers"]
    assert why == "market.toml names another one as offers: [tables]"
    assert in_language(why, "zh") != why
    assert "no table 'enroled' in market.db; did you mean 'enrolled'?" in message(
        url, book, Declared(tables={"enroled": "offers"})
    )


def test_tables_of_other_schemas_are_named_with_these(book: Rulebook, tmp_path: Path) -> None:
    url = _sqlite(tmp_path / "m.db", TABLES)
    market = read_market(url, book, Declared(tables={"main.offers": "offers", "old.csv": "links"}))
    assert market.offers.parts[0].place == "m.db: main.offers"
    assert fates(market) == {"read": 3, "kept": 2, "rejected": 1}
    assert "no table 'man.offers' in m.db; did you mean" in message(
        url, book, Declared(tables={"man.offers": "offers"})
    )


def test_a_table_that_is_missed_is_asked_for_as_one(make: Make, book: Rulebook) -> None:
    said = message(make("DROP TABLE merchants", "CREATE TABLE shops (id TEXT)"), book)
    assert "looked for a table or view merchants, or headers of merchants; found market.db: offers, market.db: " in said
    assert "shops; make a view merchants, or say so in market.toml: [tables]" in said
    assert "csv" not in said


def test_a_market_toml_lies_beside_the_file(make: Make, book: Rulebook, tmp_path: Path) -> None:
    (tmp_path / "market.toml").write_text(
        'as_of = 2024-02-26\n[tables]\n"old.csv" = "links"\n[headers.offers]\ntitle = "detail_text"'
    )
    market = read_market(make(), book)
    assert str(market.declared.as_of) == "2024-02-26"
    assert shown(market, "detail_text") == ["甲", None]


def test_names_are_never_run(make: Make, book: Rulebook) -> None:
    name = 'offers"; DROP TABLE merchants; --'
    quoted = name.replace('"', '""')
    column = 'moq" FROM merchants; --'.replace('"', '""')
    url = make(
        f'CREATE TABLE "{quoted}" (offer_id TEXT, merchant_id TEXT, "{column}" TEXT)',
        f"INSERT INTO \"{quoted}\" VALUES ('7', 'm', 'x')",
    )
    market = read_market(url, book, Declared(tables={name: "offers"}))
    assert shown(market, "offer_id") == ["7"]
    assert read_market(url, book, Declared(tables={"offers": "offers"})).merchants.rows == 1


def test_nothing_is_written_or_made(make: Make, book: Rulebook, tmp_path: Path) -> None:
    url = make()
    before = (tmp_path / "market.db").read_bytes()
    read_market(url, book)
    assert (tmp_path / "market.db").read_bytes() == before
    assert "does not exist; expected a database file" in message(url.replace("market.db", "other.db"), book)
    assert [each.name for each in tmp_path.iterdir()] == ["market.db"]


def test_a_file_that_is_no_database(make: Make, book: Rulebook, tmp_path: Path) -> None:
    url = make()
    (tmp_path / "market.db").write_text("offer_id,merchant_id\n" * 50)
    assert message(url, book).startswith("market.db can't be read: ")


def test_no_table_of_offers(make: Make, book: Rulebook) -> None:
    assert "no table offers in " in message(make("DROP TABLE offers"), book)


def test_a_view_reads_no_other_file(book: Rulebook, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("offer_id,merchant_id\n1,m\n")
    view = f"CREATE VIEW more_offers AS SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')"
    url = _duckdb(tmp_path / "market.duckdb", [*TABLES, view])
    assert "file system operations are disabled" in message(url, book, Declared(tables={"more_offers": "offers"}))


def test_values_of_every_kind(book: Rulebook, tmp_path: Path) -> None:
    kinds = [
        "CREATE SCHEMA shop",
        "CREATE TABLE shop.商品 AS SELECT 610000000000000001::HUGEINT AS 商品ID, 'm' AS 商家ID, true AS 是否包邮, "
        "['新疆', '西藏'] AS 不包邮地区, 0.953::DOUBLE AS 近30天48H揽收率, "
        "TIMESTAMPTZ '2024-02-01 10:00:00+08' AS 报名时间",
    ]
    market = read_market(_duckdb(tmp_path / "m.duckdb", [*TABLES[:2], *kinds]), book)
    assert shown(market, "offer_id") == ["610000000000000001"]
    assert shown(market, "is_free_shipping") == [True]
    assert shown(market, "paid_regions") == ["西藏、新疆"]
    assert shown(market, "pickup_rate_48h") == [0.953]
    assert [str(each) for each in shown(market, "enrolled_at")] == ["2024-02-01 02:00:00+00:00"]
    assert market.offers.parts[0].place == "m.duckdb: shop.商品"


@pytest.mark.parametrize(
    ("scheme", "module", "extra"), [("duckdb", "duckdb", "duckdb"), ("sqlite", "sqlalchemy", "sql")]
)
def test_what_is_not_installed_is_said(
    book: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, module: str, extra: str
) -> None:
    (tmp_path / "m.db").touch()
    monkeypatch.setitem(sys.modules, module, None)
    assert f"pip install 'campaign-analytics[{extra}]'" in message(f"{scheme}:///{tmp_path}/m.db", book)


SECRET = "hunter2%40x"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"postgresql+nothing://eve:{SECRET}@db.example:5432/shop?sslpassword={SECRET}", "its driver is not installed"),
        (f"nothing://eve:{SECRET}@db.example/shop", "its driver is not installed"),
        (f"sqlite+pysqlite://eve:{SECRET}@:port/x", "expected a file behind three slashes"),
        (f"postgresql://eve:{SECRET}@host:port/shop", "no URL of a database"),
    ],
)
def test_a_password_is_never_told(book: Rulebook, url: str, said: str) -> None:
    told = message(url, book)
    assert said in told
    assert "hunter2" not in told
    assert "eve" not in told


def test_a_drivers_message_is_told_without_the_password(
    book: Rulebook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import sqlalchemy as sa

    def refused(*_: Any, **__: Any) -> Any:
        raise sa.exc.OperationalError("SELECT", {}, Exception("eve may not enter with hunter2@x, or hunter2%40x"))

    monkeypatch.setattr(sa.Engine, "connect", refused)
    (tmp_path / "m.db").touch()
    engine = sa.create_engine("sqlite://")
    monkeypatch.setattr(sa, "create_engine", lambda *_, **__: engine)
    told = message(f"mysql://eve:{SECRET}@host/shop", book)
    assert told == "mysql://host/shop can't be read: eve may not enter with ***, or ***"


@pytest.mark.parametrize(
    ("source", "database", "file", "shows"),
    [
        ("duckdb:///a/b.duckdb", True, "a/b.duckdb", "duckdb:///a/b.duckdb"),
        ("sqlite:////tmp/x.db?mode=rw", True, "/tmp/x.db", "sqlite:////tmp/x.db"),
        ("postgresql+psycopg://u:p@h:1/d?password=p", True, None, "postgresql+psycopg://h:1/d"),
        ("mysql://u:p@x@h/d", True, None, "mysql://h/d"),
        ("exports/what?", False, None, "exports/what?"),
        ("C:\\exports", False, None, "C:\\exports"),
    ],
)
def test_what_is_a_database(source: str, database: bool, file: str | None, shows: str) -> None:
    assert is_url(source) == database
    assert without_secrets(source) == shows
    assert not database or (str(file_of(source)) if file else file_of(source)) == file
