"""The part `customizations:` of `vending.yaml`, as values."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pipeline.customizations.git_sources import PROTOCOLS
from pipeline.customizations.layers import Layer, Selector
from pipeline.customizations.sources import Unusable, read_source, shown
from pipeline.model.customization import When
from pipeline.model.finding import Finding, Location
from pipeline.model.request import Path

Place = Callable[[Path], Location]
"""Where the value at a path below `customizations` was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateBucket:
    """`prefix`: what the keys of all states begin with."""

    bucket: str
    region: str
    prefix: str = "accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateFolder:
    """A folder of this machine, relative to the workspace: for trying out."""

    local: str


class PlanMode(StrEnum):
    """For which accounts `vend plan` runs Terraform."""

    CHANGED = "changed"
    SAMPLE = "sample"
    """One account of each group that has changed in the same way."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terraform:
    """`minimum_version`: what the binary has to be at least. `mirror`: a folder that holds `registry.terraform.io/`."""

    binary: str = "terraform"
    minimum_version: str = "1.10.0"
    mirror: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """Accounts that are customized before all others. `location`: where it is written."""

    selector: Selector
    location: Location = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customizations:
    """`waves`: numbers of accounts, or shares like "10%". `canary`: accounts that come before all others.

    `failure_budget`: failures that stop further starts when exceeded; None for any number, which is what stands there unless
    there are waves or a canary: whoever writes them wants to be asked. `max_destroys`: resources that one account may lose
    before its change is held. `executable_minutes`: how long each that runs before or after Terraform may take.
    """

    state: StateBucket | StateFolder | None = None
    layers: tuple[Layer, ...] = ()
    terraform: Terraform = field(default_factory=Terraform)
    git_protocols: tuple[str, ...] = PROTOCOLS
    plan: PlanMode = PlanMode.CHANGED
    waves: tuple[int | str, ...] = ()
    canary: Canary | None = None
    failure_budget: int | None = None
    max_destroys: int = 0
    executable_minutes: int = 10


def read_customizations(value: Mapping[str, Any], place: Place) -> Customizations:
    """The settings that a valid mapping stands for; see `check_customizations` for what its schema cannot say."""
    return Customizations(
        state=_state(value["state"]) if "state" in value else None,
        layers=tuple(_layer(layer, number, place) for number, layer in enumerate(value.get("layers", ()))),
        terraform=Terraform(**value.get("terraform", {})),
        git_protocols=tuple(value.get("git_protocols", PROTOCOLS)),
        plan=PlanMode(value.get("plan", PlanMode.CHANGED)),
        waves=tuple(int(wave) if isinstance(wave, float) else wave for wave in value.get("waves", ())),
        canary=Canary(selector=_selector(value["canary"]), location=place(("canary",))) if "canary" in value else None,
        failure_budget=_failure_budget(value),
        max_destroys=int(value.get("max_destroys", 0)),
        executable_minutes=int(value.get("executable_minutes", 10)),
    )


def check_customizations(value: Mapping[str, Any], place: Place) -> Iterator[Finding]:
    """What is wrong with a mapping that fits its schema: half a state or two, an empty canary, a source not pinned."""
    state = value.get("state")
    if state is not None and set(state) not in ({"local"}, {"bucket", "region"}, {"bucket", "region", "prefix"}):
        yield Finding(
            location=place(("state",)),
            rule="settings-state",
            message="customizations.state names neither a bucket with its Region nor a local folder alone",
            hint="write {bucket: example-vending-state, region: eu-west-1}, or {local: .vend/terraform-state}",
            attribute="customizations.state",
        )
    if "canary" in value and not any(value["canary"].values()):
        yield Finding(
            location=place(("canary",)),
            rule="settings-canary",
            message="customizations.canary names no account",
            hint="write units, tags or keys, like {keys: [sandbox-1]}, or remove it",
            attribute="customizations.canary",
        )
    for number, layer in enumerate(value.get("layers", ())):
        source = read_source(layer["source"]) if "source" in layer else None
        if isinstance(source, Unusable):
            yield Finding(
                location=place(("layers", str(number), "source")),
                rule="customization-source",
                message=f'the source "{shown(layer["source"])}" of the layer "{layer["name"]}" {source.problem}',
                hint=source.hint,
                attribute=f"customizations.layers.{number}.source",
            )


def _failure_budget(value: Mapping[str, Any]) -> int | None:
    if "failure_budget" in value:
        return int(value["failure_budget"])
    return 0 if value.get("waves") or "canary" in value else None


def _state(value: Mapping[str, Any]) -> StateBucket | StateFolder:
    return StateFolder(local=value["local"]) if "local" in value else StateBucket(**value)


def _layer(value: Mapping[str, Any], number: int, place: Place) -> Layer:
    path, inputs = ("layers", str(number)), value.get("inputs", {})
    return Layer(
        name=value["name"],
        location=place((*path, "name")),
        source=value.get("source"),
        selector=_selector(value),
        exclude=_selector(value.get("exclude", {})),
        inputs=inputs,
        origins={key: place((*path, "inputs", key)) for key in inputs},
        depends_on=tuple(value.get("depends_on", ())),
        when=When(value.get("when", When.ALWAYS)),
    )


def _selector(value: Mapping[str, Any]) -> Selector:
    return Selector(units=tuple(value.get("units", ())), tags=value.get("tags", {}), keys=tuple(value.get("keys", ())))
