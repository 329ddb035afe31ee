"""Rules that are "not computed", whatever the catalogue of recipes has by now."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from campaign_analytics.derive import BUILT


@pytest.fixture(autouse=True, scope="module")
def one_recipe_is_not_built() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(BUILT, "rank", raising=False)
        yield
