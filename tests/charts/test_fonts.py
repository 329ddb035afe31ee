from __future__ import annotations

from io import BytesIO

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from campaign_analytics.charts import palette
from campaign_analytics.charts.fonts import balance, drawable, typeface, width, wrap

MARKS = "✓✗?~≥≤−·–—…“”%，。、：；（）％"


def drawn(text: str) -> Figure:
    figure = Figure()
    figure.text(0, 0, text)
    figure.savefig(BytesIO())
    return figure


@pytest.mark.parametrize("text", ["近30天48H揽收率", "勛章 餘額 發佈", MARKS])
def test_chinese_and_our_marks_have_glyphs(text: str) -> None:
    with typeface():
        drawn(text)  # a missing glyph is a warning, and warnings are errors


def test_a_missing_glyph_would_be_noticed() -> None:
    with typeface(), pytest.warns(UserWarning, match="Glyph"):
        drawn("🧦")


def test_what_no_font_holds_becomes_a_box_and_lines_become_one() -> None:
    assert drawable("袜子🧦\n 新") == "袜子□ 新"


def test_the_users_settings_are_left_alone() -> None:
    before = dict(mpl.rcParams)
    with typeface():
        assert mpl.rcParams["font.family"] == ["DejaVu Sans", "Noto Sans SC"]
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("text", ["New Lighthouse dispute score", "女装 48H揽收率 ✓✗ 1,234"])
def test_width_is_what_is_drawn(text: str) -> None:
    figure = Figure(dpi=300)
    with typeface():
        box = figure.text(0, 0, text, size=9.5).get_window_extent()
    assert width(text, 9.5) == pytest.approx(box.width / 300, rel=0.02)


def test_lines_break_at_spaces_and_between_chinese_characters_but_not_before_punctuation() -> None:
    assert wrap("Free shipping but", width("Free shipping", 9), 9) == ["Free shipping", "but"]
    assert wrap("四个汉字，", width("四个汉字", 9), 9) == ["四个汉", "字，"]
    assert wrap("满24区（包邮）", width("满24区（", 9), 9) == ["满24区", "（包邮）"]
    assert wrap("折扣 1%、勋章", width("折扣 1%", 9), 9) == ["折扣", "1%、勋", "章"]
    assert wrap("price (三.2), medal", width("price (三.", 9), 9) == ["price", "(三.2),", "medal"]


def test_nothing_is_cut_unless_lines_are_limited() -> None:
    assert "".join(wrap("competitiveness", 0.3, 9)) == "competitiveness"
    assert wrap("", 1, 9) == [""]
    short = wrap("女装男装童装鞋靴", width("女装男", 9), 9, most=2)
    assert short == ["女装男", "装童…"]


def test_balanced_lines_are_of_one_length() -> None:
    assert balance("家居百货", width("家居百", 9), 9, most=3) == ["家居", "百货"]
    assert balance("服饰配件、饰品", width("服饰配", 9), 9, most=3) == ["服饰", "配件、", "饰品"]
    assert balance("女装", 1, 9, most=3) == ["女装"]


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])


def contrast(a: str, b: str) -> float:
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def test_text_colours_are_readable_on_white() -> None:
    for colour in (palette.INK, palette.QUIET, palette.FAINT, *(look.text for look in palette.VERDICTS.values())):
        assert contrast(colour, palette.PAPER) >= 4.5, colour


def test_dark_text_is_readable_on_every_shade() -> None:
    assert palette.shade(0.0, 0.4) == palette.PAPER
    assert palette.shade(0.4, 0.4) == palette.VERMILION.lower()
    assert palette.shade(0.0, 0.0) == palette.PAPER
    assert contrast(palette.INK, palette.VERMILION) >= 4.5


def test_every_verdict_has_a_mark_of_its_own() -> None:
    assert len({look.mark for look in palette.VERDICTS.values()}) == len(palette.VERDICTS)
