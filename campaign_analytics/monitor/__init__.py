"""Continuous compliance: a campaign watched over dated snapshots."""

from campaign_analytics.monitor.monitoring import Monitoring, monitor

__all__ = ["Monitoring", "monitor"]
