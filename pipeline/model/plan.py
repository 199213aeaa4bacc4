"""The plan: what has to change, what waits for a person, and what was seen and left alone."""

from dataclasses import dataclass

from pipeline.model.change import Change
from pipeline.model.effect import digest_of
from pipeline.model.finding import Finding, has_errors
from pipeline.model.json import digest
from pipeline.model.landing_zone import LandingZone


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A change that waits, why, and how to release it. `guard` is a stable kebab-case name of what holds it."""

    change: Change
    guard: str
    reason: str
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Attributes of a request that this version accepts and carries, but does not apply."""

    key: str
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bystander:
    """An account that is seen and never changed: nobody's (unmanaged), or ours with no request any more (orphan)."""

    account_id: str
    name: str
    organizational_unit: str
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RollOut:
    """In which order the customizations of a plan reach accounts, and when they stop reaching further ones.

    `waves`: request keys; each wave begins when the one before it has ended, and the first of several has to succeed as a whole.
    `failure_budget`: how many customizations may fail before no other one starts; None for any number.
    """

    waves: tuple[tuple[str, ...], ...]
    failure_budget: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The difference between what is wanted and what is.

    Carries no time and no path of a machine: the same state gives the same plan and the same bytes. `changes` stand in the
    order in which they may be carried out (units first, parents before children; then accounts by key). `findings` are
    problems that show only against the organization; a request with an error takes no part in `changes`. `managed` counts
    the accounts that requests were matched to. `roll_out` is that of the customizations among the changes, None where all of
    them may run at once; it is no part of the digest, since it does nothing to any account. `landing_zone` is the one
    that the plan was made for, None without Control Tower.
    """

    changes: tuple[Change, ...] = ()
    holds: tuple[Hold, ...] = ()
    findings: tuple[Finding, ...] = ()
    deferred: tuple[Deferred, ...] = ()
    unmanaged: tuple[Bystander, ...] = ()
    orphans: tuple[Bystander, ...] = ()
    managed: int = 0
    roll_out: RollOut | None = None
    landing_zone: LandingZone | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing to do and nothing on hold: the organization is as asked for."""
        return not self.changes and not self.holds

    @property
    def has_errors(self) -> bool:
        return has_errors(self.findings)

    @property
    def digest(self) -> str:
        """Over every change and hold; two plans with one digest do the same to the same accounts."""
        return digest(
            [
                [digest_of(change) for change in self.changes],
                [[digest_of(hold.change), hold.guard] for hold in self.holds],
            ]
        )
