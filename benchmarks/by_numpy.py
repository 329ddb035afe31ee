"""The spring rules by hand in NumPy: chunk by chunk, in place, into one 64-bit word an offer.

Behind a missing cell stands a zero, so a test that a zero passes needs no care for missing cells in the fail mask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import limits
import numpy as np
from columns import MERCHANT_BIT, Array, Column, Columns

CHUNK = 1 << 16
Masks = tuple[Array, Array]  # of one rule: fails, unknown


def run(columns: Columns) -> Array:
    """(offers,) uint64: fail bits below, unknown bits 32 places higher."""
    merchants = np.zeros(len(next(iter(columns.merchants.values())).values), np.uint64)
    _run(merchants, columns.merchants, _merchant_rules, MERCHANT_BIT // 8)
    words = np.take(merchants, columns.merchant_row)
    _run(words, columns.offers, _offer_rules, 0)
    return words


class Chunk:
    """The columns of one chunk, and buffers that serve every rule."""

    def __init__(self, columns: Mapping[str, Column], size: int) -> None:
        self.columns = columns
        self.buffers = [np.empty(size, bool) for _ in range(4)]
        self.numbers = [np.empty(size, np.int32) for _ in range(3)]
        self.words = np.empty(size, np.uint64)
        self.narrow = np.empty(size, np.uint32)
        self.none = np.zeros(size, bool)
        self.move(0, size)

    def move(self, start: int, stop: int) -> None:
        self.here, self.n = slice(start, stop), stop - start
        self.a, self.b, self.c, self.d = (buffer[: self.n] for buffer in self.buffers)

    def __getitem__(self, name: str) -> Array:
        return self.columns[name].values[self.here]

    def gone(self, name: str) -> Array:
        missing = self.columns[name].missing
        return self.none[: self.n] if missing is None else missing[self.here]

    def high(self, name: str) -> Array:
        held = self.columns[name]
        return (held.values if held.high is None else held.high)[self.here]

    def below(self, name: str, limit: float) -> Masks:
        """value >= limit"""
        np.less(self[name], limit, out=self.a)
        np.greater(self.a, self.gone(name), out=self.a)
        return self.a, self.gone(name)

    def above(self, name: str, limit: float) -> Masks:
        """value <= limit, where a zero passes"""
        np.greater(self[name], limit, out=self.a)
        return self.a, self.gone(name)

    def true(self, name: str) -> Masks:
        np.logical_or(self[name], self.gone(name), out=self.a)
        np.logical_not(self.a, out=self.a)
        return self.a, self.gone(name)

    def false(self, name: str) -> Masks:
        return self[name], self.gone(name)


def _offer_rules(c: Chunk) -> Iterator[Masks]:
    # enrolment window
    np.less(c["enrolment_time"], limits.ENROL_FROM, out=c.a)
    np.greater_equal(c["enrolment_time"], limits.ENROL_UNTIL, out=c.b)
    np.logical_or(c.a, c.b, out=c.a)
    yield c.a, c.none[: c.n]
    yield c.true("is_yanxuan")
    yield c.below("pickup_rate_48h", limits.PICKUP)
    yield c.below("growth_score", limits.GROWTH)
    yield c.above("moq_counted", limits.MOQ)
    # free shipping
    regions = c.columns["unfree_regions"]
    np.bitwise_and(c["unfree_regions"], ~regions.bits(*limits.MAY_COST), out=c.words[: c.n])
    np.not_equal(c.words[: c.n], 0, out=c.a)
    yield c.a, c.gone("unfree_regions")
    yield _prices(c)
    yield c.below("product_experience", limits.EXPERIENCE)
    # every category is admitted
    yield c.none[: c.n], c.none[: c.n]
    yield c.true("escrow_supported")


def _prices(c: Chunk) -> Masks:
    most, price, _ = (buffer[: c.n] for buffer in c.numbers)
    low, gone = c.c, c.d
    np.multiply(c["enrolment_list_price"], limits.PRICE[1], out=most)
    fails, test = c.a, c.b
    np.logical_or(c.gone("price_pc"), c.gone("price_mobile"), out=gone)
    np.logical_or(gone, c.gone("enrolment_list_price"), out=gone)
    # a missing price is 0, which is within every limit
    np.multiply(c["price_pc"], limits.PRICE[0], out=price)
    np.greater(price, most, out=fails)
    np.multiply(c["price_mobile"], limits.PRICE[0], out=price)
    np.greater(price, most, out=test)
    np.logical_or(fails, test, out=fails)
    np.greater(fails, c.gone("enrolment_list_price"), out=fails)
    for name in ("price_pc", "price_mobile", "enrolment_list_price"):
        np.less_equal(c[name], 0, out=low)
        np.greater(low, c.gone(name), out=low)
        np.logical_or(fails, low, out=fails)
    np.greater(gone, fails, out=gone)
    return fails, gone


def _merchant_rules(c: Chunk) -> Iterator[Masks]:
    yield _level(c)
    yield c.below("dispute_score", limits.DISPUTE)
    yield c.below("trade_medal", limits.MEDAL)
    yield _trustpass(c)
    yield _both(c, "alipay_bound", "alipay_verified")
    yield c.true("buyer_protection")
    yield _deposit(c)
    yield _in_force(c)
    # fake trading: a range of months
    np.less(c.high("months_since_fake_trading"), limits.FAKE_TRADING_MONTHS, out=c.a)
    np.less(c["months_since_fake_trading"], limits.FAKE_TRADING_MONTHS, out=c.b)
    np.greater(c.b, c.a, out=c.b)
    yield c.a, c.b
    yield c.above("points_this_year", limits.POINTS - 1)
    yield c.above("severe_ip_count", limits.SEVERE_IP)
    yield c.above("prohibited_points_this_year", limits.PROHIBITED - 1)
    yield c.above("compliance_violations", limits.COMPLIANCE)
    yield c.above("ip_points", limits.IP_POINTS)
    yield _court(c)
    yield c.false("finance_overdue_severe")


def _level(c: Chunk) -> Masks:
    types = c.columns["member_types"]
    np.less(c["trustpass_level"], limits.LEVEL, out=c.a)
    np.bitwise_and(c["member_types"], types.bits(*limits.POWERFUL), out=c.narrow[: c.n])
    np.equal(c.narrow[: c.n], 0, out=c.b)
    np.logical_and(c.a, c.b, out=c.b)  # not surely passed: a missing cell is 0
    np.logical_or(c.gone("trustpass_level"), c.gone("member_types"), out=c.c)
    np.greater(c.b, c.c, out=c.a)
    np.greater(c.b, c.a, out=c.b)
    return c.a, c.b


def _trustpass(c: Chunk) -> Masks:
    (none,) = c.columns["trustpass_type"].codes(limits.NO_TRUSTPASS)
    open_gone, type_gone = c.gone("trustpass_open"), c.gone("trustpass_type")
    np.equal(c["trustpass_type"], none, out=c.a)
    np.greater(c.a, type_gone, out=c.a)
    np.logical_and(c.a, open_gone, out=c.a)
    np.logical_or(c["trustpass_open"], open_gone, out=c.b)
    np.logical_not(c.b, out=c.b)
    np.logical_or(c.a, c.b, out=c.a)
    np.logical_and(open_gone, type_gone, out=c.b)
    return c.a, c.b


def _both(c: Chunk, one: str, other: str) -> Masks:
    fails, _ = c.true(one)
    np.logical_or(c[other], c.gone(other), out=c.b)
    np.logical_not(c.b, out=c.b)
    np.logical_or(fails, c.b, out=c.a)
    np.logical_or(c.gone(one), c.gone(other), out=c.b)
    np.greater(c.b, c.a, out=c.b)
    return c.a, c.b


def _deposit(c: Chunk) -> Masks:
    fails, _ = c.true("buyer_protection")
    np.less(c["protection_deposit"], limits.DEPOSIT, out=c.b)
    np.greater(c.b, c.gone("protection_deposit"), out=c.b)
    np.logical_or(fails, c.b, out=c.a)
    np.logical_or(c.gone("buyer_protection"), c.gone("protection_deposit"), out=c.b)
    np.greater(c.b, c.a, out=c.b)
    return c.a, c.b


def _in_force(c: Chunk) -> Masks:
    day = c["shop_enrolment_day"]
    one, other = c.columns["trustpass_type"].codes(*limits.TRUSTPASS_TYPES)
    np.not_equal(c["trustpass_type"], one, out=c.a)
    np.not_equal(c["trustpass_type"], other, out=c.b)
    np.logical_and(c.a, c.b, out=c.a)
    np.greater(c.a, c.gone("trustpass_type"), out=c.a)
    np.less(c["trustpass_valid_to"], day, out=c.b)
    np.greater(c.b, c.gone("trustpass_valid_to"), out=c.b)
    np.logical_or(c.a, c.b, out=c.a)
    np.greater(c["trustpass_valid_from"], day, out=c.b)
    np.logical_or(c.a, c.b, out=c.a)
    np.logical_or(c.gone("trustpass_type"), c.gone("trustpass_valid_to"), out=c.b)
    np.greater(c.b, c.a, out=c.b)
    return c.a, c.b


def _court(c: Chunk) -> Masks:
    one, other = c.columns["entity_type"].codes(*limits.COURT_APPLIES_TO)
    np.equal(c["entity_type"], one, out=c.a)
    np.equal(c["entity_type"], other, out=c.b)
    np.logical_or(c.a, c.b, out=c.a)
    np.greater(c.a, c.gone("entity_type"), out=c.b)
    np.logical_and(c.b, c["court_dishonest"], out=c.b)  # surely a record of one it applies to
    np.logical_or(c.a, c.gone("entity_type"), out=c.a)
    np.logical_or(c["court_dishonest"], c.gone("court_dishonest"), out=c.c)
    np.logical_and(c.a, c.c, out=c.a)
    np.greater(c.a, c.b, out=c.a)
    return c.b, c.a


def _run(words: Array, columns: Mapping[str, Column], rules: Callable[[Chunk], Iterator[Masks]], byte: int) -> None:
    """Put the bits of ``rules`` into ``words`` from a byte on, eight rules to a byte."""
    size = min(CHUNK, len(words))
    chunk = Chunk(columns, size)
    fails, unknown, shifted = (np.empty(size, np.uint8) for _ in range(3))
    bytes_ = words.view(np.uint8).reshape(-1, 8)
    for start in range(0, len(words), CHUNK):
        stop = min(start + CHUNK, len(words))
        chunk.move(start, stop)
        n = stop - start
        place = 0
        for place, (fail, doubt) in enumerate(rules(chunk)):
            if place % 8 == 0:
                fails[:n], unknown[:n] = fail.view(np.uint8), doubt.view(np.uint8)
            else:
                np.multiply(fail.view(np.uint8), np.uint8(1 << place % 8), out=shifted[:n])
                np.bitwise_or(fails[:n], shifted[:n], out=fails[:n])
                np.multiply(doubt.view(np.uint8), np.uint8(1 << place % 8), out=shifted[:n])
                np.bitwise_or(unknown[:n], shifted[:n], out=unknown[:n])
            if place % 8 == 7:
                bytes_[start:stop, byte + place // 8] = fails[:n]
                bytes_[start:stop, byte + 4 + place // 8] = unknown[:n]
        if place % 8 != 7:
            bytes_[start:stop, byte + place // 8] = fails[:n]
            bytes_[start:stop, byte + 4 + place // 8] = unknown[:n]
