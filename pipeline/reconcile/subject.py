"""For whom this thread acts: the one ambient value of the product.

An SDK tells of its writes through callbacks that have no room for our words, but makes them on the thread that performs the
operation; so the run record learns from here which account a write was for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_subject: ContextVar[str | None] = ContextVar("subject", default=None)


def current_subject() -> str | None:
    """The subject of the change that this thread carries out; None outside of one."""
    return _subject.get()


@contextmanager
def acting_for(subject: str) -> Iterator[None]:
    token = _subject.set(subject)
    try:
        yield
    finally:
        _subject.reset(token)
