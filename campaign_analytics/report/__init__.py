"""What is handed on: extracts of failures with their reasons, a merchant's sheet, and reports that stand alone.

from campaign_analytics import report

report.write_failures(result, "failures.xlsx", lang="zh")
report.write_merchant(report.merchant_report(result, "b2b-22001"), "b2b-22001.html")
report.write_market(result, "report")
"""

from campaign_analytics.report.failures import failures
from campaign_analytics.report.merchant import merchant_report
from campaign_analytics.report.quality import quality_report, write_quality, write_rejected
from campaign_analytics.report.typeface import page_font
from campaign_analytics.report.write import write_card, write_failures, write_fixes, write_market, write_merchant

__all__ = [
    "failures",
    "merchant_report",
    "page_font",
    "quality_report",
    "write_card",
    "write_failures",
    "write_fixes",
    "write_market",
    "write_merchant",
    "write_quality",
    "write_rejected",
]
