"""Which account the calling thread is in, as credentials: one client of the SDK serves all accounts."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from botocore.credentials import Credentials, ReadOnlyCredentials

from pipeline.errors import PermanentServiceError


class Whereabouts(Credentials):
    """The credentials of the account that the calling thread is in.

    Outside of any account nothing is signed, so nothing is sent.
    """

    def __init__(self) -> None:
        super().__init__("", "")
        self._current: ContextVar[tuple[str, Any] | None] = ContextVar("member account", default=None)

    @property
    def current_account(self) -> str | None:
        current = self._current.get()
        return None if current is None else current[0]

    @contextmanager
    def be_in(self, account_id: str, credentials: Any) -> Iterator[None]:
        """The calling thread is in the account until the end of the block."""
        token = self._current.set((account_id, credentials))
        try:
            yield
        finally:
            self._current.reset(token)

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """What the SDK asks for before it signs. Raises what it raises when the role cannot be assumed."""
        current = self._current.get()
        if current is None:
            raise PermanentServiceError("AWS: a call outside of any member account was not sent")
        frozen: ReadOnlyCredentials = current[1].get_frozen_credentials()
        return frozen
