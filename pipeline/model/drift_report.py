"""Drift: what is not as asked for, though nobody has asked for anything new; since when, by whom, and both ways out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model.finding import Finding
from pipeline.model.json import Json
from pipeline.model.request import Path


class Section(StrEnum):
    """The parts of a report, in its order."""

    ACCOUNTS = "accounts"
    """Accounts of requests that differ from them."""
    UNITS = "units"
    """Units, their registrations and controls."""
    LANDING_ZONE = "landing-zone"
    """What Control Tower itself calls drift, and no request or unit asks to put right."""
    CUSTOMIZATIONS = "customizations"
    HOLDS = "holds"
    """Differences that wait for a person."""
    ORPHANS = "orphans"
    UNMANAGED = "unmanaged"
    CLOSED = "closed"
    """Accounts that are suspended, closed, or being closed."""

    @property
    def is_drift(self) -> bool:
        """Whether an item calls for somebody; bystanders and closed accounts are told, and call for nobody."""
        return self not in {Section.ORPHANS, Section.UNMANAGED, Section.CLOSED}


class Repair(StrEnum):
    """What the next apply does about it."""

    NEXT_APPLY = "next-apply"
    """It puts it right, without another review."""
    REVIEW = "review"
    """It puts it right once a plan that holds it was reviewed."""
    HOLD = "hold"
    """It leaves it alone until somebody releases it."""
    NONE = "none"
    """Nothing: that is for people to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEdit:
    """Items that a list of a request loses and gains; the others stay as they are."""

    removed: tuple[Json, ...] = ()
    added: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One value of a request that has to read otherwise, so that it asks for what is. None: it asks for nothing there."""

    path: Path
    value: Json | ListEdit


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysOut:
    """Both ways out of a difference.

    `accept`: the edits of the file `file` after which it is as asked for; without any, `accept_words` says what people can do
    instead, or why nothing. `repair`, and `repair_words` for people.
    """

    file: str = ""
    accept: tuple[Edit, ...] = ()
    accept_words: str = ""
    repair: Repair = Repair.NONE
    repair_words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailEvent:
    """A call that changed something, as CloudTrail has noted it.

    `at` is ISO 8601 in UTC. `who` is an ARN where there is one, `from_where` an address or an AWS service. `about` is the id of
    the account or unit that it was about; `parts` are the words that tell which of its attributes (a tag's key, a contact's
    type), empty if it names none.
    """

    event_id: str
    name: str
    at: str
    who: str
    from_where: str
    about: str
    parts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who has made a difference: the newest call that can have made it. Never proof."""

    who: str
    from_where: str
    event: str
    at: str
    event_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftItem:
    """One difference.

    `id` is the same in every report for the same attribute of the same account. `subject` is the request's key, a unit's path, or
    of an account that is nobody's its name. `path` is the attribute, as in `FieldChange`. `wanted` and `found` are JSON, None for
    unset. `change` is the digest of the change of the plan that the item is a part of; empty for what no plan would touch.
    `since`: the first report that had it. `reason` is why it waits, or what it means. `author_words`: why nobody can tell who has
    made it, where somebody wants to know; empty where nobody does, or `author` is known.
    """

    id: str
    section: Section
    kind: str
    subject: str
    name: str = ""
    account_id: str | None = None
    path: Path = ()
    wanted: Json = None
    found: Json = None
    change: str = ""
    guard: str = ""
    reason: str = ""
    ways_out: WaysOut = field(default_factory=WaysOut)
    since: str = ""
    author: Author | None = None
    author_words: str = ""

    @property
    def key(self) -> str:
        """What `vend drift --accept` calls the account."""
        return self.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """Everything that is not as asked for at one moment, sorted by section, subject and attribute.

    `read_at` is ISO 8601 in UTC. `findings` are problems that show only against the organization. `notes` say what nobody has
    looked at, or what could not be read. `plan` is the digest of the plan that it was made of.
    """

    repository: str
    read_at: str
    plan: str
    managed: int = 0
    items: tuple[DriftItem, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def drift(self) -> tuple[DriftItem, ...]:
        return tuple(each for each in self.items if each.section.is_drift)

    def of(self, section: Section) -> tuple[DriftItem, ...]:
        return tuple(each for each in self.items if each.section is section)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an earlier report said of an item."""

    since: str
    author: Author | None = None


History = Mapping[str, Known]
"""Items of the previous report, by id."""
