"""Reports and extracts to files: whole ones, or none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from campaign_analytics.assess.explain import Card
from campaign_analytics.charts.tables import Table
from campaign_analytics.errors import CampaignError
from campaign_analytics.report.failures import failures
from campaign_analytics.report.files import whole, write_plain
from campaign_analytics.report.market import market_page
from campaign_analytics.report.merchant import MerchantReport
from campaign_analytics.report.page import Html, page
from campaign_analytics.report.people import causes_told, failures_told, fixes_told
from campaign_analytics.report.xlsx import write_workbook
from campaign_analytics.rulebook.book import Level
from campaign_analytics.rulebook.values import did_you_mean
from campaign_analytics.words import say

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.assess.near_misses import NearMisses

TABLES: Final = (".csv", ".parquet", ".xlsx")
PAGE: Final = (".html",)
SHEETS: Final = (".html", ".xlsx")


def ending(path: Path, allowed: tuple[str, ...]) -> str:
    """The ending of a file's name. Raises ``CampaignError`` where nothing is written under it."""
    found = path.suffix.lower()
    if found not in allowed:
        near = did_you_mean(found, allowed) if found else ""
        raise CampaignError(f"{path}: expected a name that ends in {' or '.join(allowed)}{near}")
    return found


def write_table(path: Path, plain: pd.DataFrame, sheets: Mapping[str, Table]) -> None:
    """``plain`` as .csv or .parquet, columns under their own names; or as .xlsx the ``sheets``, in people's words."""
    format = ending(path, TABLES).removeprefix(".")
    with whole([path]) as parts:
        if format == "xlsx":
            write_workbook(parts[path], sheets)
        else:
            write_plain(plain, parts[path], format)


def write_failures(assessment: Assessment, path: Path | str, lang: str = "en") -> None:
    """Every offer and rule that keeps it out, with the reason in words: see ``failures``; .csv, .parquet or .xlsx.

    A workbook has the merchants' own rules on a sheet of their own.
    """
    path = Path(path)
    if ending(path, TABLES) == ".xlsx":
        write_table(path, pd.DataFrame(), _failure_sheets(assessment, lang))
    else:
        write_table(path, failures(assessment, "offers", lang), {})


def _failure_sheets(assessment: Assessment, lang: str) -> dict[str, Table]:
    levels: tuple[Level, ...] = ("offers", "merchants")
    return {say(level, lang): failures_told(assessment, failures(assessment, level, lang), lang) for level in levels}


def write_fixes(near: NearMisses, path: Path | str, lang: str = "en", merchant_id: str | None = None) -> None:
    """The repairs of near misses (of one merchant), by cause and one by one; .csv and .parquet hold the latter."""
    path = Path(path)
    if ending(path, TABLES) == ".xlsx":
        write_table(path, pd.DataFrame(), _fix_sheets(near, lang, merchant_id))
    else:
        write_table(path, of_merchant(near.fixes(lang), merchant_id), {})


def _fix_sheets(near: NearMisses, lang: str, merchant_id: str | None = None) -> dict[str, Table]:
    return {
        say("by_cause", lang): causes_told(near.assessment, of_merchant(near.causes(lang), merchant_id), lang),
        say("one_by_one", lang): fixes_told(near.assessment, of_merchant(near.fixes(lang), merchant_id), lang),
    }


def of_merchant(frame: pd.DataFrame, merchant_id: str | None) -> pd.DataFrame:
    """The rows of one merchant; all where none is named."""
    return frame if merchant_id is None else frame[frame["merchant_id"] == merchant_id].reset_index(drop=True)


def write_card(card: Card, path: Path | str) -> None:
    """A card as a page that stands alone (.html), and may be sent: it names no other merchant."""
    path = Path(path)
    ending(path, PAGE)
    title = " · ".join(f"{label} {value}" for label, value in card.title.items())
    with whole([path]) as parts:
        parts[path].write_text(page(title, card.lang, [Html(card.to_send()._repr_html_())]), "utf-8")


def write_merchant(told: MerchantReport, path: Path | str) -> Path:
    """One merchant's report, to be sent: .html or .xlsx. It holds nothing of any other merchant."""
    path = Path(path)
    format = ending(path, SHEETS)
    with whole([path]) as parts:
        if format == ".xlsx":
            write_workbook(parts[path], told.sheets())
        else:
            parts[path].write_text(told.html(), "utf-8")
    return path


def write_market(assessment: Assessment, folder: Path | str, lang: str = "en") -> list[Path]:
    """A market's report for its own operators: report.html, failures.xlsx and fixes.xlsx in ``folder``."""
    folder = Path(folder)
    paths = [folder / name for name in ("report.html", "failures.xlsx", "fixes.xlsx")]
    with whole(paths) as parts:
        parts[paths[0]].write_text(market_page(assessment, lang), "utf-8")
        write_workbook(parts[paths[1]], _failure_sheets(assessment, lang))
        write_workbook(parts[paths[2]], _fix_sheets(assessment.near_misses(), lang))
    return paths
