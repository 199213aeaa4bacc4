"""Which customizations an account gets, in which order, with which inputs. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeline.customizations.layers import Layer, is_unit_of
from pipeline.customizations.sources import default_source
from pipeline.customizations.wording import did_you_mean
from pipeline.model.customization import Customization, When
from pipeline.model.finding import Finding, Location, Severity
from pipeline.model.request import AccountRequest, DesiredState


def select(layers: Sequence[Layer], request: AccountRequest, folders: Collection[str]) -> tuple[Customization, ...]:
    """The customizations of the account, in the order in which they run.

    Layers come in their order, then what the request adds; those for new accounts first; and each only after what it depends
    on. A name that is in a layer and in the request is one customization: inputs merge key by key, and the request wins.
    `folders` are those of the workspace, as `sources.customization_folders` lists them. What is wrong with the layers and
    requests is not told here but by `check_selection`; the result is usable all the same.
    """
    named = {layer.name: layer for layer in layers}
    selected = {name: _of_layer(layer, folders) for name, layer in named.items() if layer.selects(request)}
    for number, item in enumerate(request.spec.customizations):
        asked = _of_request(request, number, item, named, folders)
        earlier = selected.get(asked.name)
        selected[asked.name] = asked if earlier is None else _merged(earlier, asked)
    return _in_order(tuple(selected.values()))


def _of_layer(layer: Layer, folders: Collection[str]) -> Customization:
    return Customization(
        name=layer.name,
        source=layer.source or default_source(layer.name, folders),
        location=layer.location,
        inputs=layer.inputs,
        origins=layer.origins,
        depends_on=layer.depends_on,
        when=layer.when,
    )


def _of_request(
    request: AccountRequest, number: int, item: Mapping[str, Any], layers: Mapping[str, Layer], folders: Collection[str]
) -> Customization:
    """What a request names; a layer of that name, even one that does not select the account, says where its Terraform is."""
    name, inputs = item["name"], item.get("inputs", {})
    path = ("customizations", str(number))
    layer = layers.get(name)
    source = item.get("source") or (layer.source if layer else None) or default_source(name, folders)
    return Customization(
        name=name,
        source=source,
        location=request.origin(*path, "name"),
        inputs=inputs,
        origins={key: request.origin(*path, "inputs", key) for key in inputs},
        depends_on=layer.depends_on if layer else (),
        when=layer.when if layer else When.ALWAYS,
    )


def _merged(layer: Customization, request: Customization) -> Customization:
    return replace(
        layer,
        source=request.source,
        inputs={**layer.inputs, **request.inputs},
        origins={**layer.origins, **request.origins},
    )


def _in_order(customizations: tuple[Customization, ...]) -> tuple[Customization, ...]:
    """As given, but new accounts' first and nothing before what it depends on; what is not selected is not waited for."""
    present = {each.name for each in customizations}
    waiting = [
        replace(each, depends_on=tuple(name for name in each.depends_on if name in present and name != each.name))
        for each in sorted(customizations, key=lambda each: each.when is not When.PROVISIONING)
    ]
    ordered: list[Customization] = []
    done: set[str] = set()
    while waiting:
        ready = next((each for each in waiting if done.issuperset(each.depends_on)), waiting[0])
        waiting.remove(ready)
        ordered.append(ready)
        done.add(ready.name)
    return tuple(ordered)


def check_selection(layers: Sequence[Layer], desired: DesiredState) -> tuple[Finding, ...]:
    """What is wrong with the layers, and with what requests name beside them, sorted.

    Names that are given twice or clash, unknown and circular dependencies; and, as warnings, selectors that nothing meets.
    """
    findings = (
        *_twice(layers),
        *_dependencies(layers, desired.requests),
        *_empty_selectors(layers, desired),
        *(finding for request in desired.requests for finding in _clashes(layers, request)),
    )
    return tuple(sorted(set(findings)))


def _twice(layers: Sequence[Layer]) -> Iterator[Finding]:
    seen: dict[str, Layer] = {}
    for layer in layers:
        if (first := seen.setdefault(layer.name, layer)) is not layer:
            message = f'there is already a layer "{layer.name}" at {first.location}'
            yield _finding(
                layer.location, "customization-name", message, "keep one of the two, or give it another name"
            )


def _clashes(layers: Sequence[Layer], request: AccountRequest) -> Iterator[Finding]:
    sources = {layer.name: layer.source for layer in layers}
    seen: set[str] = set()
    for number, item in enumerate(request.spec.customizations):
        name, source = str(item["name"]), item.get("source")
        place = request.origin("customizations", str(number), "name")
        if name in seen:
            message = f'the customization "{name}" is named twice'
            yield _finding(place, "customization-name", message, "keep one of the two")
        elif name in sources and source is not None and source != sources[name]:
            message = f'the customization "{name}" has another source in the layer of that name'
            yield _finding(place, "customization-name", message, "give it another name, or leave the source out")
        seen.add(name)


def _dependencies(layers: Sequence[Layer], requests: Iterable[AccountRequest]) -> Iterator[Finding]:
    added = {str(item["name"]) for request in requests for item in request.spec.customizations}
    named = {layer.name: layer for layer in layers}
    for layer in layers:
        for name in layer.depends_on:
            if name not in named and name not in added:
                message = f'the layer "{layer.name}" depends on "{name}", which no layer and no request names'
                hint = did_you_mean(name, {*named, *added}, "remove it, or add the layer")
                yield _finding(layer.location, "customization-dependency", message, hint)
        yield from _too_early(layer, named)
        if (circle := _circle(layer.name, named)) and min(circle) == layer.name:
            message = f"layers depend on each other in a circle: {' → '.join((*circle, circle[0]))}"
            yield _finding(layer.location, "customization-dependency", message, "remove one of these dependencies")


def _too_early(layer: Layer, named: Mapping[str, Layer]) -> Iterator[Finding]:
    """A dependency that runs on every account cannot come before what runs once on new ones."""
    if layer.when is not When.PROVISIONING:
        return
    for name in layer.depends_on:
        if name in named and named[name].when is not When.PROVISIONING:
            message = f'the layer "{layer.name}" runs before all others, and depends on "{name}", which does not'
            hint = f'remove the dependency, or write when: provisioning for "{name}", too'
            yield _finding(layer.location, "customization-dependency", message, hint)


def _circle(start: str, named: Mapping[str, Layer]) -> tuple[str, ...]:
    """The shortest way along dependencies from a layer back to itself; empty if there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    for way in ways:
        for name in named[way[-1]].depends_on if way[-1] in named else ():
            if name == start:
                return way
            if name not in seen:
                seen.add(name)
                ways.append((*way, name))
    return ()


def _empty_selectors(layers: Sequence[Layer], desired: DesiredState) -> Iterator[Finding]:
    units = [unit.path for unit in desired.units]
    for layer in layers:
        patterns = (*layer.selector.units, *layer.exclude.units)
        for pattern in patterns if units else ():
            if not any(is_unit_of(pattern, unit) for unit in units):
                message = f'the units "{pattern}" of the layer "{layer.name}" are not declared'
                hint = did_you_mean(pattern, units, "compare it with account-requests/_organization.yaml")
                yield _warning(layer.location, message, hint)
        if desired.requests and not any(layer.selects(request) for request in desired.requests):
            yield _warning(
                layer.location, f'the layer "{layer.name}" selects no account', "compare it with the requests"
            )


def _finding(place: Location, rule: str, message: str, hint: str) -> Finding:
    return Finding(location=place, rule=rule, message=message, hint=hint, attribute="customizations")


def _warning(place: Location, message: str, hint: str) -> Finding:
    return replace(_finding(place, "customization-selector", message, hint), severity=Severity.WARNING)
