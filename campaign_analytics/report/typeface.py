"""The characters of one page as fonts inside it: Chinese and our marks are seen on a machine that has neither."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Final

from fontTools import subset

from campaign_analytics.assess.explain import MARKS
from campaign_analytics.charts.fonts import FAMILY, files
from campaign_analytics.market.reasons import every_reason
from campaign_analytics.words import every_word

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment

#: Our fonts hold no Latin, which comes from the reader's own system. They stand first, for a browser that has not yet
#: read them when it first needs them may stay with the boxes of a system font that stands before them.
STACK: Final = "'Report 0', 'Report 1', system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def font_faces(text: str) -> str:
    """``@font-face`` rules with the characters of ``text`` that a system may lack, as far as our fonts have them."""
    wanted = "".join(sorted({character for character in text if _rare(character)}))
    return "".join(_face(place, wanted) for place in range(len(FAMILY)))


@dataclass(frozen=True)
class PageFont:
    """Shown once in a notebook, it gives the page our fonts for what is told in it of a rulebook and its market."""

    text: str

    def _repr_html_(self) -> str:
        prose, code = ("'Report 0', 'Report 1', " + last for last in ("system-ui, sans-serif", "monospace"))
        outputs = ".jp-OutputArea-output"
        return (
            f"<style>{font_faces(self.text)}{outputs}, {outputs} * {{font-family: {prose}}}"
            f"{outputs} pre, {outputs} pre * {{font-family: {code}}}</style>"
        )


def page_font(assessment: Assessment) -> PageFont:
    """The fonts for everything that an assessment can tell, in either language, but for the market's free text."""
    book, tables = assessment.book, assessment.market.tables.values()
    names = (name for table in tables for cells in table.cells.values() for name in cells.names)
    labels = (str(held) for held in (book.document, book.lists, book.columns, book.units))
    return PageFont("".join((*labels, *names, every_word(), every_reason(), *MARKS.values())))


def _rare(character: str) -> bool:
    """Beyond Latin-1 and the dashes, dots and quotation marks that every system has, and sets as its Latin asks."""
    return ord(character) > 0xFF and not 0x2000 <= ord(character) < 0x2070


@lru_cache(maxsize=8)
def _face(place: int, characters: str) -> str:
    options = subset.Options(hinting=False, desubroutinize=True, layout_features=[], notdef_outline=True)
    options.drop_tables += ["FFTM"]  # a date stamp that fonttools cannot cut
    options.flavor = "woff"  # woff2 would be a quarter smaller, and needs a compressor of its own
    woff = BytesIO()
    with subset.load_font(files()[place], options, lazy=True) as font:
        held = [character for character in characters if ord(character) in font.getBestCmap()]
        if not held:
            return ""
        cutter = subset.Subsetter(options)
        cutter.populate(text="".join(held))
        cutter.subset(font)
        subset.save_font(font, woff, options)
    data = base64.b64encode(woff.getvalue()).decode("ascii")
    source = f"url(data:font/woff;base64,{data})format('woff')"
    return f"@font-face{{font-family:'Report {place}';src:{source};unicode-range:U+100-1FFF,U+2070-10FFFF}}"
