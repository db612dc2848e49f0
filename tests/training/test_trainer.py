"""Where a run computes: what does not fit is refused before anything is read."""

import re
from typing import Any

import pytest

from genint.errors import InputError
from genint.training.trainer import ComputeResources, check_resources
from tests.training.runs import settings


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        (
            {"processes": 3},
            "3 process(es), computing in 2 part(s), cannot divide that evenly. Expected a multiple of 6",
        ),
        ({"nodes": 2, "processes": 2}, "Expected a multiple of 8"),
        ({"device": "abacus"}, "`device` abacus: not one of auto"),
        ({"strategy": "luck"}, "`strategy` luck: not one of auto"),
    ],
)
def test_resources_that_do_not_fit_are_refused(resources: dict[str, Any], message: str) -> None:
    config = settings(batch_size=4, accumulate=2)
    check_resources(config, ComputeResources(processes=2))
    with pytest.raises(InputError, match=re.escape(message)):
        check_resources(config, ComputeResources(**resources))
