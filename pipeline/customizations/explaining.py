"""Why a customization looks as it does: rows for `vend explain`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.customizations.folder import Folder
from pipeline.model.customization import Customization, When
from pipeline.model.finding import Location
from pipeline.model.json import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One value, like that of a request: `path` is `("customizations", "network", "inputs", "cidr")`."""

    path: tuple[str, ...]
    value: Json
    location: Location


def explain(customizations: Iterable[Customization], folders: Mapping[str, Folder]) -> tuple[Explained, ...]:
    """The customizations of one account in the order in which they run, each with its source and inputs.

    An input that nobody gives is the default of its variable, and comes from the folder. Sensitive values are not shown.
    """
    return tuple(row for each in customizations for row in _rows(each, folders.get(each.source)))


def _rows(each: Customization, folder: Folder | None) -> Iterator[Explained]:
    path = ("customizations", each.name)
    yield Explained(path=(*path, "source"), value=each.source, location=each.location)
    if each.when is not When.ALWAYS:
        yield Explained(path=(*path, "when"), value=each.when.value, location=each.location)
    if each.depends_on:
        yield Explained(path=(*path, "depends_on"), value=list(each.depends_on), location=each.location)
    declared = folder.variables if folder is not None else {}
    for name, value in each.inputs.items():
        shown = "(sensitive)" if name in declared and declared[name].sensitive else value
        yield Explained(path=(*path, "inputs", name), value=shown, location=each.origins.get(name, each.location))
    for name, variable in declared.items():
        if name not in each.inputs and variable.default is not None:
            shown = "(sensitive)" if variable.sensitive else variable.default_value
            yield Explained(path=(*path, "inputs", name), value=shown, location=variable.location)
