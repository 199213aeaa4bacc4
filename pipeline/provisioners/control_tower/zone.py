"""Reading the landing zone: itself, and the baselines on units and accounts.

https://docs.aws.amazon.com/controltower/latest/APIReference/API_ListEnabledBaselines.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from botocore.exceptions import ClientError

from pipeline.model.drift import DriftKind
from pipeline.model.landing_zone import KnownDrift, Standing
from pipeline.provisioners.aws.organizations.listing import listed
from pipeline.provisioners.aws.translation import code_of
from pipeline.provisioners.control_tower.clients import Clients, found

TOWER_BASELINE: Final = "AWSControlTowerBaseline"
PRINCIPAL: Final = "controltower.amazonaws.com"
"""https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-CTower.html"""
IDENTITY_BASELINE: Final = "IdentityCenterBaseline"

_DENIED: Final = "AccessDeniedException"
_PAGE: Final = 100
_FITTING: Final[tuple[tuple[tuple[int, int], str], ...]] = (
    ((4, 0), "5.0"),
    ((3, 2), "4.0"),
    ((3, 0), "3.0"),
    ((2, 8), "2.0"),
    ((2, 0), "1.0"),
)


def fitting_version(landing_zone: str) -> str | None:
    """The newest version of AWSControlTowerBaseline that goes with a version of the landing zone; None for an unknown one.

    https://docs.aws.amazon.com/controltower/latest/userguide/table-of-baselines.html
    """
    try:
        major, minor = (int(each) for each in landing_zone.split(".")[:2])
    except ValueError:
        return None
    return next((version for since, version in _FITTING if (major, minor) >= since), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A baseline on a unit or an account. `target` is its id, `parent` the ARN of its unit's baseline (on accounts)."""

    arn: str
    name: str
    version: str
    target: str
    standing: Standing
    is_drifted: bool = False
    parent: str | None = None
    operation: str | None = None

    @property
    def is_on_unit(self) -> bool:
        return self.target.startswith("ou-")

    @property
    def is_sound(self) -> bool:
        return self.standing is Standing.SUCCEEDED and not self.is_drifted


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """`GetLandingZone`, as it is."""

    status: str
    version: str
    latest_version: str
    is_drifted: bool
    enrolls_automatically: bool
    manages_access: bool
    governed_regions: tuple[str, ...]
    security_accounts: tuple[str, ...]
    security_unit_name: str | None

    @property
    def is_processing(self) -> bool:
        return self.status == "PROCESSING"


def known_drifts(clients: Clients) -> tuple[KnownDrift, ...]:
    """What of the landing zone's drift another read tells: one call, asked for where it is drifted.

    A role that may not ask is told nothing.
    """
    call = clients.connection.organizations.list_aws_service_access_for_organization
    try:
        trusted = {each["ServicePrincipal"] for each in listed(call, "EnabledServicePrincipals")}
    except ClientError as error:
        if code_of(error) != _DENIED:
            raise
        return ()
    if PRINCIPAL in trusted:
        return ()
    return (KnownDrift(kind=DriftKind.TRUSTED_ACCESS_OFF, subject=f'"{PRINCIPAL}" is not trusted'),)


class ZoneReader:
    """Each read is fresh, but for the ARNs of baselines, which never change. Safe to use from many threads."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._names: dict[str, str] = {}

    def zone(self) -> Zone | None:
        """The landing zone of this Region; None if there is none."""
        tower = self._clients.tower
        zones = listed(tower.list_landing_zones, "landingZones", token="nextToken")  # noqa: S106 - the name of a parameter
        if not zones:
            return None
        answer = found(lambda: tower.get_landing_zone(landingZoneIdentifier=zones[0]["arn"]))
        return None if answer is None else _zone(answer["landingZone"])

    def baselines(self) -> list[Baseline]:
        """Every baseline that is enabled, on units and accounts: one paginated call."""
        return self._baselines(includeChildren=True)

    def under_change(self) -> list[Baseline]:
        """Those of units and accounts that an operation is on."""
        return [
            each
            for each in self._baselines(includeChildren=True, filter={"statuses": [Standing.UNDER_CHANGE.value]})
            if each.name == TOWER_BASELINE
        ]

    def on(self, target_arn: str) -> Baseline | None:
        """AWSControlTowerBaseline on one unit or account; `target_arn` is the unit's or account's."""
        some = self._baselines(includeChildren=True, filter={"targetIdentifiers": [target_arn]})
        return next((each for each in some if each.name == TOWER_BASELINE), None)

    def identity_baseline(self) -> Baseline | None:
        """The enabled baseline of IAM Identity Center; None where Control Tower does not manage access."""
        wanted = [self.arn_of(IDENTITY_BASELINE)]
        some = self._baselines(includeChildren=False, filter={"baselineIdentifiers": wanted})
        return next((each for each in some if each.name == IDENTITY_BASELINE), None)

    def arn_of(self, name: str) -> str:
        """The ARN of a baseline in this Region, by its name."""
        return next(arn for arn, known in self._known().items() if known == name)

    def _known(self) -> Mapping[str, str]:
        if not self._names:
            known = listed(self._clients.tower.list_baselines, "baselines", token="nextToken")  # noqa: S106 - the name of a parameter
            self._names = {each["arn"]: each["name"] for each in known}
        return self._names

    def _baselines(self, **wanted: Any) -> list[Baseline]:
        names = self._known()
        entries = listed(
            self._clients.tower.list_enabled_baselines,
            "enabledBaselines",
            token="nextToken",  # noqa: S106 - the name of a parameter
            maxResults=_PAGE,
            **wanted,
        )
        return [_baseline(each, names) for each in entries]


def standing(status: str | None) -> Standing:
    try:
        return Standing(status or "")
    except ValueError:
        return Standing.UNKNOWN


def _baseline(entry: Mapping[str, Any], names: Mapping[str, str]) -> Baseline:
    summary = entry.get("statusSummary") or {}
    drifts: Mapping[str, Any] = (entry.get("driftStatusSummary") or {}).get("types") or {}
    identifier = str(entry.get("baselineIdentifier", ""))
    return Baseline(
        arn=entry["arn"],
        name=names.get(identifier, identifier),
        version=str(entry.get("baselineVersion", "")),
        target=str(entry.get("targetIdentifier", "")).rpartition("/")[2],
        standing=standing(summary.get("status")),
        is_drifted=any((each or {}).get("status") == "DRIFTED" for each in drifts.values()),
        parent=entry.get("parentIdentifier"),
        operation=summary.get("lastOperationIdentifier"),
    )


def _zone(answer: Mapping[str, Any]) -> Zone:
    manifest = _mapping(answer.get("manifest"))
    shared = (
        _mapping(manifest.get(name)).get("accountId") for name in ("centralizedLogging", "securityRoles", "config")
    )
    return Zone(
        status=str(answer.get("status", "")),
        version=str(answer.get("version", "")),
        latest_version=str(answer.get("latestAvailableVersion") or answer.get("version", "")),
        is_drifted=(answer.get("driftStatus") or {}).get("status") == "DRIFTED",
        enrolls_automatically="INHERITANCE_DRIFT" in (answer.get("remediationTypes") or ()),
        manages_access=bool(_mapping(manifest.get("accessManagement")).get("enabled", True)),
        governed_regions=_texts(manifest.get("governedRegions")),
        security_accounts=tuple(sorted({str(each) for each in shared if each})),
        security_unit_name=_mapping(_mapping(manifest.get("organizationStructure")).get("security")).get("name"),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _texts(value: object) -> tuple[str, ...]:
    known: Iterable[object] = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return tuple(sorted(str(each) for each in known))
