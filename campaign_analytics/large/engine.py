"""The engine that a name means, or a session of Spark; what is not installed is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from campaign_analytics.engines.arrays import Program, Runs
from campaign_analytics.errors import CampaignError, shown
from campaign_analytics.large.limit import Limit
from campaign_analytics.rulebook.values import did_you_mean

if TYPE_CHECKING:
    from campaign_analytics.engines.spark import Session

ENGINES = ("numpy", "duckdb", "spark")


def by_spark(engine: str | Session) -> bool:
    """Whether an engine is Spark, by name or as a session."""
    return not isinstance(engine, str) or engine == "spark"


def limit_of(told: str | None, engine: str | Session) -> Limit:
    """The memory that may be held. Raises ``CampaignError`` for what is no amount, and for Spark."""
    if told is not None and by_spark(engine):
        raise CampaignError("memory_limit= is for this process; what Spark may hold is set on its session")
    return Limit.of(told)


def check_spark(engine: str | Session) -> None:
    """Raise ``CampaignError`` where it is not installed, or no session can be had."""
    try:
        from campaign_analytics.engines.spark import session
    except ModuleNotFoundError:
        raise CampaignError("engine='spark' needs PySpark: pip install 'campaign-analytics[spark]'") from None
    session(engine)


def program_of(engine: str | Session) -> type[Runs]:
    """What evaluates the conditions of held columns. Raises ``CampaignError`` for an engine that there is not."""
    if not isinstance(engine, str) and not hasattr(engine, "newSession"):
        raise CampaignError(f"engine: expected {' or '.join(ENGINES)}, or a SparkSession, not {shown(engine)}")
    if by_spark(engine):
        check_spark(engine)
        from campaign_analytics.engines.spark import Query as SparkQuery

        return SparkQuery
    if engine == "numpy":
        return Program
    if engine == "duckdb":
        try:
            from campaign_analytics.engines.duckdb import Query
        except ModuleNotFoundError:
            raise CampaignError("engine='duckdb' needs DuckDB: pip install 'campaign-analytics[duckdb]'") from None
        return Query
    assert isinstance(engine, str)
    raise CampaignError(f"unknown engine {engine!r}{did_you_mean(engine, ENGINES)}; expected {' or '.join(ENGINES)}")
