"""Account Factory in Service Catalog: its product, the active artifact, and whether we may launch it.

https://docs.aws.amazon.com/controltower/latest/userguide/provision-as-end-user.html
A landing zone's update publishes another artifact, and may drop a role from the portfolio: so every run looks again.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, Final

from botocore.exceptions import ClientError, EndpointConnectionError

from pipeline.errors import PermanentServiceError
from pipeline.model.landing_zone import Obstacle
from pipeline.provisioners.aws.organizations.listing import listed
from pipeline.provisioners.aws.translation import code_of
from pipeline.provisioners.control_tower.clients import PAGES, Clients, found

PRODUCT: Final = "AWS Control Tower Account Factory"
PORTFOLIO: Final = "AWS Control Tower Account Factory Portfolio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    artifact_id: str
    is_active: bool
    created: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Factory:
    """`artifacts` are all versions of the product, oldest first."""

    product_id: str
    artifacts: tuple[Artifact, ...]

    @property
    def active(self) -> str | None:
        """The newest active artifact."""
        return next((each.artifact_id for each in reversed(self.artifacts) if each.is_active), None)

    def for_update(self, own: str | None) -> str | None:
        """A product's own artifact while it is active, else the newest that is."""
        is_active = any(each.is_active for each in self.artifacts if each.artifact_id == own)
        return own if is_active else self.active


class FactoryReader:
    """Reads once, for the whole run. `launch_role`: the ARN of the role that launches, None for the caller's own."""

    def __init__(self, clients: Clients, launch_role: str | None) -> None:
        self._clients = clients
        self._launch_role = launch_role

    @cached_property
    def factory(self) -> Factory | None:
        """None where Service Catalog has no Account Factory in this Region, or is not there itself."""
        catalog = self._clients.catalog
        try:
            product = found(lambda: catalog.describe_product_as_admin(Name=PRODUCT))
        except EndpointConnectionError:
            return None
        if product is None:
            return None
        product_id = product["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
        details = catalog.list_provisioning_artifacts(ProductId=product_id)["ProvisioningArtifactDetails"]
        artifacts = [
            Artifact(
                artifact_id=each["Id"], is_active=bool(each.get("Active")), created=str(each.get("CreatedTime", ""))
            )
            for each in details
        ]
        return Factory(product_id=product_id, artifacts=tuple(sorted(artifacts, key=lambda each: each.created)))

    def required(self) -> Factory:
        """Raises `PermanentServiceError` where there is no Account Factory, or no active version of it."""
        factory = self.factory
        if factory is not None and factory.active is not None:
            return factory
        obstacle = _missing(self._clients.connection.home_region) if factory is None else _inactive()
        raise PermanentServiceError(obstacle.problem, hint=obstacle.remedy, stops_lane=True)

    @cached_property
    def path_id(self) -> str | None:
        """The launch path, where there is more than one to choose from: ours is the one of Control Tower's portfolio."""
        paths = self._paths(self.required().product_id)
        if len(paths) < 2:  # noqa: PLR2004 - more than one
            return None
        return str(next((each["Id"] for each in paths if each.get("Name") == PORTFOLIO), paths[0]["Id"]))

    def obstacles(self) -> tuple[Obstacle, ...]:
        """Why Account Factory cannot be used, and what to do; empty where it can."""
        factory = self.factory
        if factory is None:
            return (_missing(self._clients.connection.home_region),)
        no_artifact = () if factory.active else (_inactive(),)
        return (*no_artifact, *self._access(factory))

    def _access(self, factory: Factory) -> tuple[Obstacle, ...]:
        if self._launch_role is None:
            return () if self._paths(factory.product_id) else (_no_access("these credentials", "ARN-OF-THE-ROLE"),)
        call = self._clients.catalog.list_portfolios_for_product
        portfolios = listed(call, "PortfolioDetails", **PAGES, ProductId=factory.product_id)
        if any(self._is_in(each["Id"], self._launch_role) for each in portfolios):
            return ()
        portfolio = str(portfolios[0]["Id"]) if portfolios else "PORTFOLIO-ID"
        return (_no_access(f'role "{self._launch_role}"', self._launch_role, portfolio),)

    def _is_in(self, portfolio_id: str, role: str) -> bool:
        principals = listed(
            self._clients.catalog.list_principals_for_portfolio,
            "Principals",
            **PAGES,
            PortfolioId=portfolio_id,
        )
        return any(is_principal(str(each.get("PrincipalARN", "")), role) for each in principals)

    def _paths(self, product_id: str) -> list[Any]:
        """Without one, Service Catalog says that it found none, under either code."""
        call = self._clients.catalog.list_launch_paths
        try:
            return listed(call, "LaunchPathSummaries", **PAGES, ProductId=product_id)
        except ClientError as error:
            if code_of(error) in {"ResourceNotFoundException", "InvalidParametersException"}:
                return []
            raise


def is_principal(principal: str, role: str) -> bool:
    """Whether a portfolio's principal, an ARN or a pattern without an account id, is this role.

    https://docs.aws.amazon.com/servicecatalog/latest/dg/API_AssociatePrincipalWithPortfolio.html
    """
    if principal == role:
        return True
    parts = principal.split(":", 5)
    return len(parts) == len(role.split(":", 5)) and not parts[4] and fnmatchcase(role.split(":", 5)[5], parts[5])


def _missing(region: str) -> Obstacle:
    return Obstacle(
        problem=f'Service Catalog: "{PRODUCT}" is not in {region}',
        remedy="set organization.home_region to the landing zone's home Region; where Service Catalog is not offered, "
        "set control_tower.mode to auto-enroll",
    )


def _inactive() -> Obstacle:
    return Obstacle(
        problem=f'Service Catalog: "{PRODUCT}" has no active version',
        remedy="update or reset the landing zone in the Control Tower console: it publishes one",
    )


def _no_access(who: str, principal: str, portfolio: str = "PORTFOLIO-ID") -> Obstacle:
    return Obstacle(
        problem=f'Service Catalog: {who} cannot launch "{PRODUCT}": not in its portfolio',
        remedy=f"aws servicecatalog associate-principal-with-portfolio --portfolio-id {portfolio} --principal-arn {principal} "
        "--principal-type IAM",
    )
