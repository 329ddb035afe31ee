"""Who qualifies for a sales campaign, who does not, and why.

    import campaign_analytics as ca

    book = ca.load_rulebook("spring_2024")
    market = ca.read_market("exports/", book)
    result = ca.assess(market, book, as_of="2024-02-26")
    result.summary(by="category")

Names are loaded when they are first used, so importing the package is quick.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from campaign_analytics.assess.assessment import Assessment
    from campaign_analytics.assess.claims import claims
    from campaign_analytics.dashboard.board import dashboard
    from campaign_analytics.demo import demo_market
    from campaign_analytics.errors import (
        CampaignError,
        MarketError,
        MarketWarning,
        RulebookError,
        RulebookWarning,
        ValueFault,
    )
    from campaign_analytics.large.assessing import assess, what_if_cube
    from campaign_analytics.large.cube_size import CubeSize, cube_size
    from campaign_analytics.large.fetching import fetch
    from campaign_analytics.large.index import Index, build_index
    from campaign_analytics.large.kept import open_cube, save_cube
    from campaign_analytics.market.mapping import write_mapping
    from campaign_analytics.market.read import read_market
    from campaign_analytics.monitor.changes import Changes, changes
    from campaign_analytics.monitor.monitoring import Monitoring, monitor
    from campaign_analytics.rulebook.coarser import coarser
    from campaign_analytics.rulebook.load import load_rulebook
    from campaign_analytics.rulebook.scenario import Scenario, load_scenario
    from campaign_analytics.simulate.what_if import WhatIf

    __version__: str

_HOMES = {
    "Assessment": "campaign_analytics.assess.assessment",
    "CampaignError": "campaign_analytics.errors",
    "Changes": "campaign_analytics.monitor.changes",
    "MarketError": "campaign_analytics.errors",
    "MarketWarning": "campaign_analytics.errors",
    "Monitoring": "campaign_analytics.monitor.monitoring",
    "RulebookError": "campaign_analytics.errors",
    "RulebookWarning": "campaign_analytics.errors",
    "Scenario": "campaign_analytics.rulebook.scenario",
    "ValueFault": "campaign_analytics.errors",
    "WhatIf": "campaign_analytics.simulate.what_if",
    "assess": "campaign_analytics.large.assessing",
    "changes": "campaign_analytics.monitor.changes",
    "coarser": "campaign_analytics.rulebook.coarser",
    "CubeSize": "campaign_analytics.large.cube_size",
    "cube_size": "campaign_analytics.large.cube_size",
    "fetch": "campaign_analytics.large.fetching",
    "dashboard": "campaign_analytics.dashboard.board",
    "claims": "campaign_analytics.assess.claims",
    "demo_market": "campaign_analytics.demo",
    "load_rulebook": "campaign_analytics.rulebook.load",
    "load_scenario": "campaign_analytics.rulebook.scenario",
    "monitor": "campaign_analytics.monitor.monitoring",
    "Index": "campaign_analytics.large.index",
    "build_index": "campaign_analytics.large.index",
    "open_cube": "campaign_analytics.large.kept",
    "save_cube": "campaign_analytics.large.kept",
    "what_if_cube": "campaign_analytics.large.assessing",
    "read_market": "campaign_analytics.market.read",
    "write_mapping": "campaign_analytics.market.mapping",
}

__all__ = [  # noqa: RUF022  in the order of use
    "load_rulebook",
    "read_market",
    "write_mapping",
    "demo_market",
    "assess",
    "Assessment",
    "claims",
    "monitor",
    "Monitoring",
    "changes",
    "Changes",
    "WhatIf",
    "what_if_cube",
    "cube_size",
    "CubeSize",
    "coarser",
    "fetch",
    "build_index",
    "Index",
    "open_cube",
    "save_cube",
    "dashboard",
    "load_scenario",
    "Scenario",
    "CampaignError",
    "MarketError",
    "MarketWarning",
    "RulebookError",
    "RulebookWarning",
    "ValueFault",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("campaign-analytics")
    if name not in _HOMES:
        raise AttributeError(f"module 'campaign_analytics' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """Lets functions such as ``assess`` keep their names, which importing their subpackages would take."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
