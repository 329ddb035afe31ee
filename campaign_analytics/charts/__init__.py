"""Pictures and tables of an assessment, each answering one question in its title, in English or Chinese."""

from campaign_analytics.charts.funnel import funnel
from campaign_analytics.charts.heatmap import miss_heatmap
from campaign_analytics.charts.tables import table
from campaign_analytics.charts.verdicts import verdicts

__all__ = ["funnel", "miss_heatmap", "table", "verdicts"]
