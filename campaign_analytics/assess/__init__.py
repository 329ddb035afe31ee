"""Assessing: rules run over a market, and the tables that follow."""

from campaign_analytics.assess.assessment import Assessment, assess

__all__ = ["Assessment", "assess"]
