"""One hypothesis profile for everyone, and ``--forbid-skips`` for CI: a test that did not run has not passed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every machine and on every run; no database of earlier ones; slow machines do not fail.
settings.register_profile(
    "fixed", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("fixed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--forbid-skips", action="store_true", help="count a skipped test as a failure")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> object:
    report: pytest.TestReport = yield  # type: ignore[misc]
    return _without_skip(report, item.config)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> object:
    report: pytest.CollectReport = yield  # type: ignore[misc]
    return _without_skip(report, collector.config)


def _without_skip(report: object, config: pytest.Config) -> object:
    if isinstance(report, pytest.TestReport | pytest.CollectReport):
        expected = hasattr(report, "wasxfail")
        if report.skipped and not expected and config.getoption("--forbid-skips"):
            report.outcome = "failed"
            report.longrepr = f"skipped, which is forbidden here: {report.longrepr}"
    return report
