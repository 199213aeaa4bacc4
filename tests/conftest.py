"""What holds for all tests."""

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from pipeline.model.operation import Lane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.temporal_bench import Crew, TemporalServer

# Tests run on shared and busy machines: a deadline would measure the machine. Speed is counted elsewhere, in calls.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


@pytest.fixture(scope="session")
def temporal_server() -> "Iterator[TemporalServer]":
    """A real one, on loopback, for all tests of a process."""
    from tests.temporal_bench import TemporalServer  # noqa: PLC0415 - most tests need no Temporal

    server = TemporalServer()
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def crew(temporal_server: "TemporalServer") -> "Iterator[Crew]":
    """A worker of every lane."""
    from tests.temporal_bench import Crew  # noqa: PLC0415 - most tests need no Temporal

    crew = Crew(temporal_server, dict.fromkeys(Lane, 8))
    yield crew
    crew.stop()
