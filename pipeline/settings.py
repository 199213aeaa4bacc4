"""`vending.yaml`, read once: what this organization is, and what a run may do. Rooms receive plain values from it."""

import ipaddress
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from pipeline.account_requests import yaml
from pipeline.account_requests.rules import Rules
from pipeline.account_requests.schema import Kind, check
from pipeline.account_requests.written import Document
from pipeline.customizations.settings import Customizations, check_customizations, read_customizations
from pipeline.errors import SettingsError
from pipeline.model.finding import Finding, Location
from pipeline.model.request import Path as Steps
from pipeline.planning.policy import Policy, TagsMode

FILE: Final = "vending.yaml"
ROLE_VARIABLES: Final = {"plan": "VEND_PLAN_ROLE", "apply": "VEND_APPLY_ROLE"}
"""Variables of the environment that go before `roles` of the file."""

_MINIMAL: Final = 'organization: {management_account: "111122223333", home_region: eu-west-1}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """`management_account`: twelve digits. `home_region`: a Region's code."""

    management_account: str
    home_region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """ARNs of the roles in the management account that a run assumes; None for the credentials as they are."""

    plan: str | None = None
    apply: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    mode: TagsMode = TagsMode.AUTHORITATIVE
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """As in `planning.policy.Policy`."""

    protected_units: tuple[str, ...] = ()
    max_closures: int = 3
    max_changed_share: float = 0.3
    max_touched_accounts: int = 10
    always_confirm: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """`repair`: never, safe or all. `who`: whether a report asks CloudTrail who has made each difference."""

    repair: str = "safe"
    who: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A webhook: the environment variable that holds its address, and what it takes: json or slack."""

    url_from: str
    format: str = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTower:
    """`mode`: auto, service-catalog or auto-enroll."""

    mode: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """`accounts`: how many are created at a time, 1 to 5. `customizations`: runs of Terraform at a time, None: one per core.

    The rest is for `kind` "temporal": where its server is. `tls`: PEM files by their names, without any for `true`, None for
    none; `api_key_from`: `environment` or `file`, and which.
    """

    kind: str = "inline"
    accounts: int = 5
    customizations: int | None = None
    address: str = "127.0.0.1:7233"
    namespace: str = "default"
    tls: Mapping[str, str] | None = None
    api_key_from: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that `vending.yaml` says, with the defaults of what it does not say.

    `access_portal_url`: the start address of Identity Center's portal, for links in comments; empty for none.
    `aft_compatibility`: custom fields are written into accounts as SSM parameters, as AFT does.
    """

    organization: Organization
    repository: str = "account-vending"
    roles: Roles = field(default_factory=Roles)
    provisioner: str = "organizations"
    control_tower: ControlTower = field(default_factory=ControlTower)
    execution_role: str = "OrganizationAccountAccessRole"
    plan_execution_role: str | None = None
    access_portal_url: str = ""
    email_domains: tuple[str, ...] = ()
    required_tags: Mapping[str, str] = field(default_factory=dict)
    tags: Tags = field(default_factory=Tags)
    guards: Guards = field(default_factory=Guards)
    drift: Drift = field(default_factory=Drift)
    notifications: tuple[Notification, ...] = ()
    customizations: Customizations = field(default_factory=Customizations)
    aft_compatibility: bool = False
    engine: EngineSettings = field(default_factory=EngineSettings)

    def policy(self) -> Policy:
        """What a plan may do."""
        return Policy(
            repository=self.repository,
            tags_mode=self.tags.mode,
            tags_ignore=self.tags.ignore,
            protected_units=self.guards.protected_units,
            max_closures=self.guards.max_closures,
            max_changed_share=self.guards.max_changed_share,
            max_touched_accounts=self.guards.max_touched_accounts,
            always_confirm=self.guards.always_confirm,
            control_tower=self.provisioner == "control_tower",
        )

    def rules(self, today: date) -> Rules:
        """What requests have to keep to."""
        return Rules(email_domains=self.email_domains, required_tags=self.required_tags, today=today)


def load_settings(root: Path) -> Settings:
    """The settings in `root/vending.yaml`. Raises `SettingsError` with everything that is wrong with the file."""
    document = _read(root / FILE)
    findings = check(Kind.SETTINGS, document) or tuple(sorted(_beyond_the_schema(document)))
    if findings:
        message = f"{FILE}: there {'is 1 problem' if len(findings) == 1 else f'are {len(findings)} problems'}"
        raise SettingsError(message, findings=findings, hint="correct it; nothing was done")
    return _settings(document)


def _read(path: Path) -> Document:
    try:
        with path.open("rb") as stream:
            found = yaml.read(stream.read(yaml.MAX_BYTES + 1), FILE)
    except FileNotFoundError:
        hint = f"write at least: {_MINIMAL}; or name another folder with --root"
        raise SettingsError(f"{FILE}: there is no such file in {path.parent}", hint=hint) from None
    except OSError as error:
        message = f"{FILE}: it cannot be read: {error.strerror or type(error).__name__}"
        raise SettingsError(message, hint="make it a readable file") from None
    if isinstance(found, Document):
        return found
    raise SettingsError(
        f"{FILE}: it cannot be used", findings=found, hint=f"a whole file can be as short as: {_MINIMAL}"
    )


def _beyond_the_schema(document: Document) -> Iterator[Finding]:
    value: dict[str, Any] = document.value
    yield from _unusable_patterns(document)
    yield from check_customizations(value.get("customizations", {}), _below_customizations(document))
    yield from _states_of_one_machine(document)


def _below_customizations(document: Document) -> Callable[[Steps], Location]:
    return lambda path: document.nearest(("customizations", *path)).place


def _states_of_one_machine(document: Document) -> Iterator[Finding]:
    """Each machine would have states of its own, and Terraform would make anew what another one has made."""
    value: dict[str, Any] = document.value
    engine, state = _engine(value.get("engine", {})), value.get("customizations", {}).get("state", {})
    if engine.kind == "temporal" and set(state) == {"local"} and not _is_loopback(engine.address):
        yield Finding(
            location=document.nearest(("customizations", "state")).place,
            rule="settings-state",
            message="customizations.state is a folder, which is another one on each machine that works for the engine at "
            f'"{engine.address}"',
            hint="write a bucket, like {bucket: example-vending-state, region: eu-west-1}",
            attribute="customizations.state",
        )


def _is_loopback(address: str) -> bool:
    host = address.rpartition(":")[0].lower()
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _unusable_patterns(document: Document) -> Iterator[Finding]:
    tags = document.nearest(("required_tags",)).content
    for key, node in tags.items() if isinstance(tags, dict) and "required_tags" in document.content else ():
        try:
            re.compile(str(node.content))
        except (re.error, RecursionError, OverflowError) as error:
            yield Finding(
                location=node.place,
                rule="settings-pattern",
                message=f'required_tags.{key} "{node.content}" is not a regular expression: {error}',
                hint='write one, like "^[0-9]{4}$"',
                attribute=f"required_tags.{key}",
            )


def _settings(document: Document) -> Settings:
    """The settings that a valid document stands for."""
    value: dict[str, Any] = document.value
    sections: dict[str, Any] = {
        **value,
        "organization": Organization(**value["organization"]),
        "roles": _roles(value.get("roles", {}), os.environ),
        "email_domains": tuple(value.get("email_domains", ())),
        "tags": _tags(value.get("tags", {})),
        "guards": _guards(value.get("guards", {})),
        "drift": Drift(**value.get("drift", {})),
        "notifications": tuple(Notification(**each) for each in value.get("notifications", ())),
        "control_tower": ControlTower(**value.get("control_tower", {})),
        "execution_role": value.get("execution_role") or _execution_role(value.get("provisioner")),
        "customizations": read_customizations(value.get("customizations", {}), _below_customizations(document)),
        "engine": _engine(value.get("engine", {})),
    }
    return Settings(**sections)


def _roles(value: Mapping[str, Any], environment: Mapping[str, str]) -> Roles:
    """A job may name its own role, as the one that closes accounts does: what its environment says goes before the file."""
    given = {name: environment.get(variable) for name, variable in ROLE_VARIABLES.items()}
    return Roles(**{**value, **{name: arn for name, arn in given.items() if arn}})


def _execution_role(provisioner: str | None) -> str:
    """The role that accounts have from their creation: Account Factory makes its own, and no other."""
    return "AWSControlTowerExecution" if provisioner == "control_tower" else "OrganizationAccountAccessRole"


def _whole(value: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """JSON Schema takes 5.0 for a whole number; Python does not."""
    return {key: int(each) if key in names else each for key, each in value.items()}


def _engine(value: Mapping[str, Any]) -> EngineSettings:
    tls = value.get("tls") or None
    fields = _whole(value, "accounts", "customizations") | {"tls": {} if tls is True else tls}
    if fields["tls"] is None and "api_key_from" in value:
        fields["tls"] = {}  # a key is never sent in the clear
    return EngineSettings(**fields)


def _tags(value: Mapping[str, Any]) -> Tags:
    return Tags(mode=TagsMode(value.get("mode", TagsMode.AUTHORITATIVE)), ignore=tuple(value.get("ignore", ())))


def _guards(value: Mapping[str, Any]) -> Guards:
    return Guards(
        **{
            **_whole(value, "max_closures", "max_touched_accounts"),
            "protected_units": tuple(value.get("protected_units", ())),
            "always_confirm": frozenset(value.get("always_confirm", ())),
        }
    )
