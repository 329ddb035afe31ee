"""A hand-made assessment for charts: 2,000 offers in 15 categories, 19 rules, frames of an assessment's shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from campaign_analytics.charts.groups import Name
from campaign_analytics.charts.heatmap import Rule
from campaign_analytics.charts.measure import Measure, Unit

# rule: clause, zh, en, level, share that fails, share that is unknown
RULES = {
    "enrolled": ("二.1", "在报名时间内", "Enrolled within the window", "offers", 0.02, 0.0),
    "select": ("二.3", "是1688严选商品", "In 1688 Select", "offers", 0.09, 0.02),
    "pickup": ("二.3(1)", "48H揽收率达标", "48-hour pickup rate", "offers", 0.27, 0.05),
    "growth": ("二.3(2)", "商品成长分达标", "Growth score", "offers", 0.16, 0.03),
    "level": ("二.3(3)", "诚信通等级达标，或为实力商家", "TrustPass level, or power merchant", "merchants", 0.08, 0.01),
    "moq": ("三.1 moq", "起批量", "Minimum order quantity", "offers", 0.12, 0.01),
    "freight": ("三.1 freight", "除所列地区外包邮", "Free shipping but for the listed regions", "offers", 0.11, 0.14),
    "price": ("三.2", "活动价折扣", "Campaign price", "offers", 0.19, 0.02),
    "experience": ("三.3", "商品体验分", "Product experience score", "offers", 0.05, 0.04),
    "dispute": ("三.4", "纠纷投诉分", "Dispute score", "merchants", 0.07, 0.02),
    "industry": ("四.1", "主营行业在范围内", "Main industry within scope", "merchants", 0.0, 0.0),
    "medal": ("四.2", "交易勋章", "Trade medal", "merchants", 0.04, 0.02),
    "trustpass": ("四.3", "已开通诚信通", "TrustPass open", "merchants", 0.02, 0.0),
    "alipay": ("四.4", "绑定实名支付宝", "Verified Alipay account", "merchants", 0.01, 0.0),
    "protection": ("四.5", "买家保障服务", "Buyer protection", "merchants", 0.02, 0.0),
    "deposit": ("四.6", "买家保障保证金", "Buyer protection deposit", "merchants", 0.05, 0.01),
    "fraud": ("四.8", "近期无严重虚假交易", "No severe fake trading of late", "merchants", 0.004, 0.0),
    "points": ("四.9a", "本年度违规扣分", "Violation points", "merchants", 0.01, 0.0),
    "escrow": ("五.2", "支持支付宝担保交易", "Alipay escrow", "offers", 0.0, 0.0),
}
PARTLY_COMPUTED = {"fraud"}
CATEGORIES = ["女装", "男装", "童装", "鞋靴", "箱包皮具", "内衣", "运动户外", "家居百货"]
CATEGORIES += ["家纺家饰", "餐厨", "玩具", "美妆日化", "数码家电", "办公文教", "宠物园艺"]


@dataclass(frozen=True)
class Example:
    """Outcomes, one row an offer: ``group`` and a text column per rule; and the frames that charts take."""

    outcomes: pd.DataFrame

    def rules(self, lang: str) -> dict[str, Rule]:
        return {
            rule: Rule(clause, zh if lang == "zh" else en, level, rule not in PARTLY_COMPUTED)
            for rule, (clause, zh, en, level, *_) in RULES.items()
        }

    def names(self, lang: str) -> dict[str, str]:
        return {rule: described.name for rule, described in self.rules(lang).items()}

    def verdicts(self) -> dict[str, int]:
        fails, unknown = ((self.outcomes[list(RULES)] == value).any(axis=1) for value in ("fail", "unknown"))
        return {
            "pre_qualified": int((~fails & ~unknown).sum()),
            "ineligible": int(fails.sum()),
            "undetermined": int((unknown & ~fails).sum()),
        }

    def misses(self) -> pd.DataFrame:
        """Long: group, rule, clause, fail, unknown, not_applicable, pass, offers."""
        values = ["fail", "unknown", "not_applicable", "pass"]
        rows = [
            {"group": group, "rule": rule, "clause": RULES[rule][0]}
            | {value: int((held[rule] == value).sum()) for value in values}
            | {"offers": len(held)}
            for group, held in self.outcomes.groupby("group")
            for rule in RULES
        ]
        return pd.DataFrame(rows, columns=["group", "rule", "clause", *values, "offers"])

    def funnel(self) -> pd.DataFrame:
        """One row a clause: clause, rules, entering, lost_fail, lost_unknown, left."""
        rows, alive = [], np.ones(len(self.outcomes), bool)
        for rule, (clause, *_) in RULES.items():
            fail, unknown = (alive & (self.outcomes[rule] == value).to_numpy() for value in ("fail", "unknown"))
            left = alive & ~fail & ~unknown
            rows.append((clause, rule, *(int(each.sum()) for each in (alive, fail, unknown, left))))
            alive = left
        return pd.DataFrame(rows, columns=["clause", "rules", "entering", "lost_fail", "lost_unknown", "left"])

    def groups(self, lang: str) -> dict[str, Name]:
        """Every rule as a group of its own."""
        return {rule: Name(described.clause, described.name) for rule, described in self.rules(lang).items()}

    def blockers(self, by_class: bool = True) -> pd.DataFrame:
        """One row a class and rule, as ``Assessment.blockers`` counts; counted offer by offer."""
        rows = []
        for name, held in self.outcomes.groupby("group") if by_class else [("", self.outcomes)]:
            fails, unknown = (held[list(RULES)] == "fail", held[list(RULES)] == "unknown")
            failing, unsure = fails.sum(axis=1), unknown.sum(axis=1)
            for rule in RULES:
                f, u = fails[rule], unknown[rule]
                row = {"class": name, "group": rule, "fails": int(f.sum()), "sole": int((f & (failing == 1)).sum())}
                row["charged"] = float((1 / failing[f]).sum())
                row["charged_unknown"] = float((1 / unsure[u & (failing == 0)]).sum())
                lifted = (f & (failing == 1) & (unsure == 0)) | (u & (failing == 0) & (unsure == 1))
                row["admitted_certain"] = int(lifted.sum())
                rows.append(row | {"offers": len(held)})
        numbers = ["fails", "sole", "charged", "charged_unknown", "admitted_certain", "offers"]
        return pd.DataFrame(rows, columns=["class", "group", *numbers])

    def combinations(self, most: int = 12) -> pd.DataFrame:
        """One row a combination of failing rules, the rarer ones in a last row."""
        fails = (self.outcomes[list(RULES)] == "fail").to_numpy(bool)
        joined = pd.Series([";".join(np.array(list(RULES))[row]) for row in fails], dtype="str")
        counts = joined[joined != ""].value_counts()
        rows = [(groups, 1, count) for groups, count in counts.head(most).items()]
        if len(counts) > most:
            rows.append(("", len(counts) - most, int(counts.iloc[most:].sum())))
        return pd.DataFrame(rows, columns=["groups", "combinations", "count"])

    def measure(self, lang: str) -> Measure:
        """A growth score that agrees with the outcomes of its rule."""
        known = self.outcomes["growth"].isin(["pass", "fail"])
        fails = (self.outcomes["growth"] == "fail").to_numpy(bool)[known]
        spread = np.random.default_rng(5).gamma(2, 12, int(known.sum()))
        return Measure(
            label="商品成长分" if lang == "zh" else "Growth score", needs="≥ 60", op=">=", threshold=60.0,
            unit=Unit("number", "分"), level="offers", values=np.where(fails, 59.9 - spread, 60 + spread), fails=fails,
            unknown=int((self.outcomes["growth"] == "unknown").sum()),
            not_applicable=int((self.outcomes["growth"] == "not_applicable").sum()), otherwise=3, band=45.0,
            band_text="15",
        )  # fmt: skip


@pytest.fixture(scope="session")
def example() -> Example:
    return make_example()


def make_example(offers: int = 2000) -> Example:
    random = np.random.default_rng(7)
    weight = 1 / (1 + np.arange(len(CATEGORIES)))
    category = random.choice(len(CATEGORIES), offers, p=weight / weight.sum())
    outcomes = {"group": np.asarray(CATEGORIES)[category]}
    for rule, (*_, fail, unknown) in RULES.items():
        lean, draw = random.uniform(0.4, 1.7, len(CATEGORIES))[category], random.random(offers)
        otherwise = "not_computed" if rule in PARTLY_COMPUTED else "pass"
        outcomes[rule] = np.where(draw < fail * lean, "fail", np.where(draw > 1 - unknown * lean, "unknown", otherwise))
    return Example(pd.DataFrame(outcomes))
