"""Pictures and tables of an assessment, each answering one question in its title, in English or Chinese."""

from campaign_analytics.charts.at_risk import at_risk
from campaign_analytics.charts.blockers import blocker_heatmap
from campaign_analytics.charts.breaches import breaches
from campaign_analytics.charts.combinations import combinations
from campaign_analytics.charts.costs import costs
from campaign_analytics.charts.curve import curve
from campaign_analytics.charts.curves import curves
from campaign_analytics.charts.deadline_calendar import deadline_calendar
from campaign_analytics.charts.distribution import distribution
from campaign_analytics.charts.frontier import frontier
from campaign_analytics.charts.funnel import funnel
from campaign_analytics.charts.gains import marginal_gains
from campaign_analytics.charts.heatmap import miss_heatmap
from campaign_analytics.charts.ledger import ledger
from campaign_analytics.charts.link_graph import link_graph
from campaign_analytics.charts.measure import measured_rules
from campaign_analytics.charts.segments import segments
from campaign_analytics.charts.surface import surface
from campaign_analytics.charts.tables import table
from campaign_analytics.charts.verdicts import verdicts

__all__ = [
    "at_risk",
    "blocker_heatmap",
    "breaches",
    "combinations",
    "costs",
    "curve",
    "curves",
    "deadline_calendar",
    "distribution",
    "frontier",
    "funnel",
    "ledger",
    "link_graph",
    "marginal_gains",
    "measured_rules",
    "miss_heatmap",
    "segments",
    "surface",
    "table",
    "verdicts",
]
