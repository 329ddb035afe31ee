"""What goes wrong in a callback, in words: nobody reads a widget's log."""

from __future__ import annotations

import logging
from collections.abc import Callable

from campaign_analytics.errors import CampaignError
from campaign_analytics.market.reasons import in_language
from campaign_analytics.words import say

_LOG = logging.getLogger(__name__)


def guarded(work: Callable[[], None], lang: str) -> str:
    """Do ``work`` and give "", or what went wrong: a fault of the input, an interruption, or a mistake of ours."""
    try:
        work()
    except CampaignError as error:
        return in_language(str(error), lang)
    except KeyboardInterrupt:
        return say("board_interrupted", lang)
    except Exception as error:
        _LOG.debug("in a callback of the dashboard", exc_info=True)
        return say("board_bug", lang, error=f"{type(error).__name__}: {error}")
    return ""
