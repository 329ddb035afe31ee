"""A market as people really have it: written into untidy files, with the places of what can't be read back."""

from campaign_analytics.demo.dirt.kinds import KINDS
from campaign_analytics.demo.dirt.write import Dirty, Place, write_dirty

__all__ = ["KINDS", "Dirty", "Place", "write_dirty"]
