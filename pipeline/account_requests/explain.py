"""Where each value of a request comes from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.model.finding import Location
from pipeline.model.json import Json
from pipeline.model.request import AccountRequest, Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One value of the effective request. An empty mapping or list is a value, too."""

    path: Path
    value: Json
    location: Location


def explain(request: AccountRequest) -> tuple[Explained, ...]:
    """Every value of the effective request, with the file and line that it comes from, in document order.

    That is the order of the request's own file; what is inherited follows.
    """
    return tuple(
        Explained(path=path, value=value, location=request.origin(*path))
        for path, value in _leaves((), request.document)
    )


def _leaves(path: Path, value: Json) -> Iterator[tuple[Path, Json]]:
    below: list[tuple[str, Json]] = []
    if isinstance(value, Mapping):
        below = list(value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        below = [(str(number), each) for number, each in enumerate(value)]
    if not below and path:
        yield path, value
    for step, each in below:
        yield from _leaves((*path, step), each)
