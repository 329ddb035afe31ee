"""What to repair first: whom a fault touches, told again by repairing its cells and assessing anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.market.schema import Declared, Market

BOOK = ca.load_rulebook("spring_2024", "corrected")
DAY = "2024-02-26"
SHOP: Mapping[str, str] = {
    "主营行业": "女装", "交易勋章等级": "AA", "是否开通诚信通": "是", "诚信通类型": "企业诚信通", "店铺L等级": "L3",
    "会员身份": "无", "诚信通有效期起": "2023-01-01", "诚信通到期日": "2025-01-01", "绑定支付宝": "是",
    "支付宝实名": "是", "买家保障服务": "是", "保证金余额": "3000", "本年度违规扣分": "0", "违禁信息扣分": "0",
    "知产严重侵权次数": "0", "商业合规违规": "0", "侵权商品扣分": "0", "主体类型": "企业", "法院失信": "否",
    "金融严重逾期": "否", "纠纷投诉分": "4.5",
}  # fmt: skip
OFFER: Mapping[str, str] = {
    "类目": "女装", "是否1688严选": "是", "近30天48H揽收率": "95%", "商品成长分": "80", "起批量": "1", "单位": "件",
    "是否包邮": "是", "不包邮地区": "新疆、西藏", "活动价": "9", "大市场发布价": "10", "新灯塔商品体验分": "4.5",
    "支付宝担保交易": "是",
}  # fmt: skip


def market(
    offers: Sequence[Mapping[str, str]],
    shops: Sequence[Mapping[str, str]] = ({},),
    tables: Mapping[str, pd.DataFrame] | None = None,
    as_of: date | None = None,
) -> Market:
    """Offers 0, 1 ... of the merchants m0, m1 ... (``shop``, m0 if not said), good but for what is said."""
    rows = [{"merchant_id": f"m{i}", **SHOP, **each} for i, each in enumerate(shops)]
    held = [
        {"offer_id": str(i), "merchant_id": each.get("shop", "m0"), **OFFER, **_without_shop(each)}
        for i, each in enumerate(offers)
    ]
    all_tables = {"merchants": pd.DataFrame(rows), "offers": pd.DataFrame(held), **(tables or {})}
    return ca.read_market(all_tables, BOOK, Declared(as_of, penalty_feed_complete=True))


def _without_shop(each: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in each.items() if name != "shop"}


def assessed(*args: Any, **more: Any) -> ca.Assessment:
    return ca.assess(market(*args, **more), BOOK, as_of=DAY)


def fault(result: ca.Assessment, column: str, reason: str = "", level: Any = "offers") -> dict[str, Any]:
    """The only fault of a column (whose reason begins so)."""
    found = result.faults(level)
    found = found[(found["column"] == column) & found["reason"].str.startswith(reason)]
    assert len(found) == 1, found
    return {str(name): value for name, value in found.iloc[0].items()}


def counts(result: ca.Assessment, column: str, reason: str = "", level: Any = "offers") -> tuple[int, int, int, int]:
    """Cells, undetermined, decided, in doubt."""
    held = fault(result, column, reason, level)
    return held["cells"], held["undetermined"], held["decided"], held["in_doubt"]


def test_a_good_market_has_no_fault() -> None:
    result = assessed([{}, {}])
    assert result.verdicts()["verdict"].tolist() == ["pre_qualified"] * 2
    assert result.faults().to_numpy().tolist() == []
    assert result.faults().dtypes["cells"] == "int64"


def test_faults_of_one_column_are_told_by_their_reason() -> None:
    result = assessed([{"起批量": each} for each in ("", "?", "1-5", "1-5", "9", "1")])
    assert counts(result, "moq", "nothing") == (1, 1, 1, 0)
    assert counts(result, "moq", "not understood") == (1, 1, 1, 0)
    assert counts(result, "moq", "a range") == (2, 2, 2, 0)
    assert fault(result, "moq", "not understood")["example"] == "?"


def test_who_fails_anyway_or_lacks_more_is_not_decided_by_it() -> None:
    offers = [{"起批量": "?"}, {"起批量": "?", "商品成长分": "1"}, {"起批量": "?", "商品成长分": ""}]
    result = assessed(offers)
    assert result.verdicts()["verdict"].tolist() == ["undetermined", "ineligible", "undetermined"]
    assert counts(result, "moq") == (3, 2, 1, 0)
    assert counts(result, "growth_score") == (1, 1, 0, 0)
    assert result.faults()["column"].tolist() == ["moq", "growth_score"]  # the most decided first


def test_a_merchants_cell_touches_its_offers() -> None:
    shops = [{"法院失信": "?"}, {}]
    result = assessed([{}, {}, {"shop": "m1"}], shops)
    assert counts(result, "court_dishonest") == (1, 2, 2, 0)
    assert counts(result, "court_dishonest", level="merchants") == (1, 1, 1, 0)
    assert result.faults("merchants")["column"].tolist() == ["court_dishonest"]


def test_a_column_that_no_file_has_is_absent() -> None:
    held = market([{}, {}])
    merchants = pd.DataFrame([{"merchant_id": "m0", **{k: v for k, v in SHOP.items() if k != "法院失信"}}])
    offers = pd.DataFrame([{"offer_id": str(i), "merchant_id": "m0", **OFFER} for i in range(2)])
    tables = {"merchants": merchants, "offers": offers}
    result = ca.assess(ca.read_market(tables, BOOK, held.declared), BOOK, as_of=DAY)
    found = fault(result, "court_dishonest")
    assert (found["kind"], found["undetermined"], found["decided"]) == ("absent", 2, 2)


def test_a_doubted_cell_puts_verdicts_in_doubt_that_rest_on_it() -> None:
    later = {"报名时间": "2024-03-01"}  # after the day of the data
    held = market([later, {**later, "起批量": "9"}, {"报名时间": "2024-02-24"}], as_of=date(2024, 2, 26))
    result = ca.assess(held, BOOK)
    assert result.verdicts()["verdict"].tolist() == ["pre_qualified", "ineligible", "pre_qualified"]
    assert counts(result, "enrolled_at", "after the day") == (2, 0, 0, 1)  # not of whom the quantity fails


def test_a_warning_about_the_data_puts_verdicts_in_doubt() -> None:
    shops = [{"会员身份": "普通会员"}, {}]  # beside a TrustPass type
    found = fault(assessed([{}, {"shop": "m1"}, {"起批量": "9"}], shops), "member_types", "Member type agrees")
    assert (found["kind"], found["cells"], found["in_doubt"]) == ("doubted", 1, 1)


def test_a_price_above_one_that_is_never_less_puts_verdicts_in_doubt() -> None:
    offers = [{"PLUS价": "9.5"}, {"PLUS价": "8"}, {"PLUS价": "9.5", "起批量": "9"}, {"PLUS价": "11", "活动价": "9.9"}]
    found = fault(assessed(offers), "plus_price", "above campaign_price")
    assert (found["kind"], found["cells"], found["in_doubt"]) == ("doubted", 3, 2)  # not of whom the quantity fails


def test_points_of_a_part_above_the_total_are_doubted() -> None:
    result = assessed([{}], [{"违禁信息扣分": "9", "本年度违规扣分": "3"}])
    assert counts(result, "prohibited_info_points", "above penalty_points") == (1, 0, 0, 1)


def test_what_stands_by_hand_contradicts_too_and_repairs() -> None:
    by_hand = pd.DataFrame(
        [["0", "plus_price", "9.5"], ["1", "plus_price", "8"]], columns=["subject", "column", "value"]
    )
    result = assessed([{"PLUS价": "8"}, {"PLUS价": "9.5"}], tables={"overrides": by_hand})
    assert counts(result, "plus_price", "above campaign_price") == (1, 0, 0, 1)


def test_offers_that_name_no_merchant_wait_for_it() -> None:
    result = assessed([{}, {"shop": "nobody"}, {"shop": ""}])
    assert counts(result, "merchant_id", "no such merchant") == (1, 1, 0, 0)
    assert counts(result, "merchant_id", "nothing") == (1, 1, 0, 0)


def test_a_record_touches_whom_it_names_and_is_decided_by_what_it_may_say() -> None:
    records = [
        {"merchant_id": "m0", "违规类型": "虚假交易", "违规程度": "严重", "违规日期": "?", "处罚状态": "生效"},
        {"merchant_id": "m1", "违规类型": "虚假交易", "违规程度": "??", "违规日期": "2024-02-01", "处罚状态": "生效"},
        {"merchant_id": "m2", "违规类型": "虚假交易", "违规程度": "?", "违规日期": "?", "处罚状态": "生效"},
        {"merchant_id": "m3", "违规类型": "虚假交易", "违规程度": "?", "违规日期": "2020-02-01", "处罚状态": "生效"},
    ]
    shops: list[dict[str, str]] = [{}] * 4
    result = assessed([{"shop": f"m{i}"} for i in range(4)], shops, tables={"penalties": pd.DataFrame(records)})
    assert result.verdicts()["verdict"].tolist() == ["undetermined"] * 3 + ["pre_qualified"]
    assert counts(result, "penalty_date") == (2, 2, 1, 0)  # m2 lacks both
    assert counts(result, "penalty_severity") == (3, 2, 1, 0)  # of m3 it is all the same


class TestRecordsOfLinkedAccounts:
    """What a record leaves open for the account that it names, it leaves open for all accounts of that user."""

    RECORD: Mapping[str, str] = {"违规类型": "虚假交易", "违规程度": "严重", "违规日期": "?", "处罚状态": "生效"}
    FAILS: Mapping[str, str] = {"保证金余额": "1"}

    @pytest.mark.parametrize("level", ["offers", "merchants"])
    def test_one_record_alone_decides_for_all(self, level: Any) -> None:
        shops = [{"登录名": "a", **self.FAILS}, {"登录名": "a"}, {"登录名": "b"}]
        penalties = pd.DataFrame([{"merchant_id": "m0", **self.RECORD}])
        result = assessed([{"shop": f"m{place}"} for place in range(3)], shops, tables={"penalties": penalties})
        assert result.verdicts()["verdict"].tolist() == ["ineligible", "undetermined", "pre_qualified"]
        assert counts(result, "penalty_date", level=level) == (1, 1, 1, 0)

    @pytest.mark.parametrize("level", ["offers", "merchants"])
    def test_of_two_records_none_does(self, level: Any) -> None:
        shops = [
            {"登录名": "a", **self.FAILS},
            {"登录名": "a"},
            {"登录名": "b", "统一社会信用代码": "913300000000000001"},
            {"登录名": "a", "统一社会信用代码": "913300000000000001"},
        ]
        other = {"merchant_id": "m3", **self.RECORD, "违规程度": "??", "违规日期": "2024-02-01"}
        penalties = pd.DataFrame([{"merchant_id": "m0", **self.RECORD}, other])
        result = assessed([{"shop": f"m{place}"} for place in range(4)], shops, tables={"penalties": penalties})
        assert result.verdicts()["verdict"].tolist() == ["ineligible", *["undetermined"] * 3]
        assert counts(result, "penalty_date", level=level) == (1, 3, 0, 0)
        assert counts(result, "penalty_severity", level=level) == (1, 3, 0, 0)
        assert "months_since_fake_trading" not in result.faults(level)["column"].tolist()


def test_what_no_cell_leaves_open_is_told_of_the_column_itself() -> None:
    offers = [{"是否包邮": "否", "满件包邮": "1"}]  # beside a list that is harmless
    found = fault(assessed(offers), "unfree_regions")
    assert (found["kind"], found["undetermined"], found["decided"]) == ("missing", 1, 1)


def test_asking_changes_nothing() -> None:
    result = assessed([{"起批量": each} for each in ("", "?", "1-5", "9")])
    first = result.faults()
    pd.testing.assert_frame_equal(first, result.faults())
    assert result.market.offers.cells["moq"].gone.tolist() == [True, True, False, False]


def test_what_was_repaired_by_hand_is_no_fault() -> None:
    by_hand = pd.DataFrame([["0", "moq", "2"], ["1", "moq", "?"]], columns=["subject", "column", "value"])
    result = assessed([{"起批量": "?"}, {"起批量": "1"}, {"起批量": "?"}], tables={"overrides": by_hand})
    assert counts(result, "moq", "not understood as a number") == (1, 1, 1, 0)
    assert counts(result, "moq", "given by hand") == (1, 1, 1, 0)


def test_chinese() -> None:
    result = assessed([{"起批量": "?"}])
    assert result.faults(lang="zh")["reason"].tolist() == ["无法识别为数字"]


@pytest.mark.parametrize("level", ["offers", "merchants"])
def test_the_faults_of_a_column_are_those_of_its_hinge(level: Any) -> None:
    result = ca.assess(ca.demo_market(3000, seed=3), BOOK, as_of=DAY)
    found = result.faults(level).groupby("column")[["undetermined", "decided"]].sum()
    hinges = result.hinges(level).set_index("column")
    own = [column for column in hinges.index if column in BOOK.columns]
    assert own
    assert found.loc[own, "undetermined"].tolist() == hinges.loc[own, "missing"].tolist()
    assert found.loc[own, "decided"].tolist() == hinges.loc[own, "decided"].tolist()


CELLS = {
    "起批量": ["1", "9"],
    "商品成长分": ["1", "99"],
    "近30天48H揽收率": ["1%", "100%"],
    "支付宝担保交易": ["是", "否"],
}


@pytest.mark.parametrize("column", list(CELLS))
def test_decided_is_what_repairing_its_cells_decides(column: str) -> None:
    """Each fault's cells filled with good and bad values: who is decided by all of them, is decided."""
    broken: list[dict[str, str]] = [
        {name: "?" for place, name in enumerate(CELLS) if bits >> place & 1} for bits in range(1 << len(CELLS))
    ]
    result = assessed(broken)
    name = next(n for n, held in BOOK.columns.items() if held.zh == column or column in held.aliases)
    told = fault(result, name)
    before = result.verdicts()["verdict"] == "undetermined"
    decided = before.copy()
    for value in CELLS[column]:
        repaired = [{**each, **({column: value} if column in each else {})} for each in broken]
        decided &= assessed(repaired).verdicts()["verdict"] != "undetermined"
    assert told["undetermined"] == sum(column in each for each in broken)
    assert told["decided"] == int(decided.sum())
