"""Phrases in texts: the same however they are written, and never where none stands."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from time import sleep

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from campaign_analytics.derive import folding
from campaign_analytics.derive.folding import BREAK, DIGIT, LETTER, fold, folded
from campaign_analytics.derive.phrases import Phrases
from campaign_analytics.market.schema import Array

WORDS = {
    word: word
    for word in (
        "最大", "最大一家", "最低价", "全国第一", "第一", "第一品牌", "独一无二",
        "国家级", "顶级", "TOP1", "NO.1", "100%有效", "bestest",
    )
} | {"百分百有效": "100%有效"}  # fmt: skip
HARMLESS = ("最大码", "第一次", "不是最", "屋顶级", "国家级实验室", "最大3", "色号NO.1")
PHRASES = Phrases(WORDS, HARMLESS)


def found(text: str) -> list[str]:
    """What is found in a text, as written there."""
    hits = PHRASES.find([text])
    return [text[start:end] for start, end in zip(hits.start.tolist(), hits.end.tolist(), strict=True)]


def words(text: str) -> list[str]:
    return [PHRASES.words[word] for word in PHRASES.find([text]).word]


# ---- one form of every character


def test_texts_folded_in_two_threads_at_once_come_out_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["".join(chr(0x4E00 + 701 * n + step) for step in range(200)) for n in range(8)]  # mostly new to it
    expected = [folded(text) for text in texts]
    monkeypatch.setattr(folding, "_learnt", cache(folding._Learnt))
    points = folding.code_points

    def slow(text: str) -> Array:
        sleep(0.01)  # while another thread would go on
        return points(text)

    monkeypatch.setattr(folding, "code_points", slow)
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(folded, texts)) == expected


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Ｔ·Ｏ·Ｐ１", "top1"),
        ("№❶", "no1"),
        ("ＴＯＰⅠ", "top1"),
        ("Тор①", "top1"),  # Cyrillic
        ("第壹 ㈠ ⒈ ₁ 𝟏", "第11111"),
        ("獨一無二", "独1无2"),
        ("⼤", "大"),  # a radical
        ("Yī", "yi"),
        ("两兩", "两两"),  # both scripts alike
        ("最\u200b\u2060\ufeff\u00ad大", "最大"),
        ("1\ufe0f\u20e3", "1"),  # a keycap
        ("“最”【大】（码）★🔥+/|~_", "最大码"),
        ("最，大。最\n大", f"最{BREAK}大{BREAK}最{BREAK}大"),
        ("100 ％", "100%"),
        ("", ""),
        ("\ud800", ""),
    ],
)
def test_one_form_whatever_the_width_script_and_marks(text: str, form: str) -> None:
    assert folded(text) == form


@given(st.text(), st.text())
def test_each_character_is_folded_by_itself(one: str, other: str) -> None:
    assert folded(one + other) == folded(one) + folded(other)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)


# ---- what is found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("全网最大的店", ["最大"]),
        ("最 大，最.大，最\u200b大", ["最 大", "最.大", "最\u200b大"]),
        ("最，大", []),  # no phrase runs over the end of a clause
        ("最大码 最 大 码", []),
        ("最大一家", ["最大一家"]),  # the longer one
        ("不是最大", []),  # it begins inside a harmless phrase
        ("不是最大，最大", ["最大"]),
        ("最大3个 最大一家 最大5个", ["最大一家", "最大"]),
        ("屋顶级 顶级", ["顶级"]),
        ("第一次第一", ["第一"]),
        ("全国第一品牌", ["全国第一品牌"]),  # two that overlap are one place
        ("最大最大", ["最大", "最大"]),
        ("国家级实验室 国家级", ["国家级"]),
        ("TOP1 top1 ＴＯＰ① T.O.P.1 TOP 1", ["TOP1", "top1", "ＴＯＰ①", "T.O.P.1", "TOP 1"]),
        ("TOP10 TOP１０ DESKTOP1 TOP1\u200b0", []),
        ("TOP1款 TOP1 2024 TOP1pcs", ["TOP1", "TOP1", "TOP1"]),
        ("销量第一2024新款", ["第一"]),  # a Chinese digit does not go on with an Arabic one
        ("色号NO.1 №1", ["№1"]),
        ("百分百有效 １００％有效 2100%有效", ["百分百有效", "１００％有效"]),
        ("", []),
        ("最", []),
    ],
)
def test_found_as_written(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_a_spelling_stands_for_its_word() -> None:
    assert words("百分百有效，全国第①") == ["100%有效", "全国第一"]


def test_without_words_nothing_is_found() -> None:
    assert len(Phrases({}).find(["最大"]).text) == 0
    assert len(PHRASES.find([]).text) == 0


@pytest.mark.parametrize("phrase", ["", " ", "最，大", "★"])
def test_a_phrase_is_of_letters(phrase: str) -> None:
    with pytest.raises(ValueError, match="without marks that end a clause"):
        Phrases({phrase: phrase})


def test_a_long_text_of_nothing_but_beginnings_takes_no_longer_than_any() -> None:
    assert found("第" * 300_000 + "一") == ["第一"]
    assert len(found("最大" * 100_000)) == 100_000


# ---- properties

PIECES = st.sampled_from(
    (
        *"最大码一家低价全国第品牌独无二级顶屋不是次室TOPNO10%。3 ，s.",
        *WORDS,
        *HARMLESS,
        "ＴＯＰ",
        "①",
        "國",
        "№",
        "\u200b",
    )
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)
SEEN = TEXTS.map(lambda text: text.replace("\u200b", ""))


def naive(text: str) -> list[tuple[int, int]]:
    """Places of hits, found by trying every phrase at every place."""
    characters = [(form, place) for place, character in enumerate(text) for form in folded(character)]
    kinds = fold([text]).kinds().tolist()
    shown = [place for place in range(len(text)) if kinds[place] != 3]

    def places(phrase: str) -> list[tuple[int, int]]:
        form = folded(phrase)
        return [
            (i, i + len(form))
            for i in range(len(characters))
            if "".join(c for c, _ in characters[i : i + len(form)]) == form
        ]

    def whole(first: int, behind: int) -> bool:
        start, last = characters[first][1], characters[behind - 1][1]
        before = [place for place in shown if place < start][-1:]
        after = [place for place in shown if place > last][:1]
        pairs = [(start, place) for place in before] + [(last, place) for place in after]
        return not any(
            kinds[inside] == kinds[outside] and kinds[inside] in (LETTER, DIGIT) for inside, outside in pairs
        )

    harmless = [place for phrase in HARMLESS for place in places(phrase)]
    hits = sorted(
        (first, -behind)
        for word in WORDS
        for first, behind in places(word)
        if whole(first, behind) and not any(h < first < b or (h == first and b >= behind) for h, b in harmless)
    )
    joined: list[list[int]] = []
    for first, behind in hits:
        if joined and first < joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], -behind)
        else:
            joined.append([first, -behind])
    return [(characters[first][1], characters[behind - 1][1] + 1) for first, behind in joined]


@given(TEXTS)
@example("最大最大一家码")
@example("全国第一次")
def test_the_same_as_trying_every_phrase_at_every_place(text: str) -> None:
    hits = PHRASES.find([text])
    assert list(zip(hits.start.tolist(), hits.end.tolist(), strict=True)) == naive(text)


@given(st.lists(TEXTS, max_size=8))
def test_texts_do_not_touch_each_other(texts: list[str]) -> None:
    hits = PHRASES.find(texts)
    by_text = [[text[s:e] for t, s, e in zip(*hits[:3], strict=True) if t == i] for i, text in enumerate(texts)]
    assert by_text == [found(text) for text in texts]


INVISIBLE = st.text("\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f", max_size=2)
HARMLESS_MARKS = st.text(" \t\u3000\u00a0·.-_*/|~+★🔥“”【】（）\u200b", max_size=3)


@given(SEEN, st.data())
def test_spaces_and_marks_put_between_change_nothing(text: str, data: st.DataObject) -> None:
    """But for those that part a number or a Latin word in two: the second half of DESKTOP1 becomes a word then."""
    kinds = fold([text]).kinds().tolist()
    spaced = text[:1]
    for (before, after), character in zip(pairwise(kinds), text[1:], strict=False):
        together = before == after and before in (LETTER, DIGIT)
        spaced += data.draw(INVISIBLE if together else HARMLESS_MARKS) + character
    assert words(spaced) == words(text)


OTHERS = {
    "国": "國", "价": "價", "级": "級", "顶": "頂", "独": "獨", "无": "無", "码": "碼", "验": "驗", "实": "實",
    "号": "號", "一": "壹㈠㊀", "二": "贰貳㈡", "大": "⼤", "1": "１①❶⑴𝟏", "0": "０⓪𝟎", "3": "３③", "%": "％",
    "T": "tＴТ", "O": "oＯОο",
    "P": "pＰР", "N": "nＮ", "s": "SＳ", ".": "·．", " ": "\u3000", "，": "。！,",
}  # fmt: skip


@given(SEEN, st.data())
def test_script_width_and_look_alikes_change_nothing(text: str, data: st.DataObject) -> None:
    other = "".join(data.draw(st.sampled_from(c + OTHERS.get(c, ""))) for c in text)
    assert words(other) == words(text)


@given(TEXTS)
def test_a_text_without_any_listed_word_has_no_hit(text: str) -> None:
    assume(not any(folded(word) in folded(text) for word in WORDS))
    assert not found(text)


@given(TEXTS)
def test_what_is_found_begins_with_the_word(text: str) -> None:
    for place, word in zip(found(text), words(text), strict=True):
        spellings = [folded(spelling) for spelling, of in WORDS.items() if of == word]
        assert folded(place).startswith(tuple(spellings))


@given(st.text(max_size=30))
def test_any_text_can_be_read(text: str) -> None:
    assert all(text[s:e] for s, e in naive(text))
    assert len(found(text)) == len(naive(text))
