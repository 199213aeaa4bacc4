"""Clients of the landing zone's home Region, and how their errors become ours.

No stubs: those of Control Tower and Service Catalog do not know the newest operations.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from botocore.exceptions import ClientError

from pipeline.model.operation import Waiting
from pipeline.provisioners.aws.connection import Connection
from pipeline.provisioners.aws.translation import code_of

T = TypeVar("T")

PAGES: Final = {"token": "NextPageToken", "sent_as": "PageToken"}
"""How Service Catalog gives out the pages of a list."""

REFUSED: Final = "ValidationException"
"""Control Tower does not take what it was asked for: it cannot be, or it is so already."""

_CONFLICT: Final = "ConflictException"
_BUSY_DELAY: Final = 20.0


class Clients:
    """Made by the connection at the first use."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def tower(self) -> Any:
        return self.connection.client("controltower", region=self.connection.home_region)

    @property
    def control_catalog(self) -> Any:
        return self.connection.client("controlcatalog", region=self.connection.home_region)

    @property
    def catalog(self) -> Any:
        return self.connection.client("servicecatalog", region=self.connection.home_region)


def found(call: Callable[[], T]) -> T | None:
    """What the call answers; None where what it names is not there."""
    try:
        return call()
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":
            return None
        raise


def unless_busy(call: Callable[[], T]) -> T | Waiting:
    """What the call answers, or that another operation of Control Tower comes first.

    https://docs.aws.amazon.com/controltower/latest/APIReference/API_EnableBaseline.html
    """
    try:
        return call()
    except ClientError as error:
        if code_of(error) != _CONFLICT:
            raise
        return Waiting(reason="another operation of Control Tower is in progress", delay=_BUSY_DELAY)
