"""Widgets for JupyterLab and Voila. Each also has a static face, for a page without a kernel."""

from campaign_analytics.dashboard.card import CardChooser
from campaign_analytics.dashboard.intake import IntakePanel

__all__ = ["CardChooser", "IntakePanel"]
