"""What people have seen of a plan: which effects they have reviewed, and which attributes they were shown."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from pipeline.model.change import Change, UpdateAccount
from pipeline.model.effect import effects_of
from pipeline.model.plan import Plan
from pipeline.model.request import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`approved`: digests of the effects that were reviewed. `shown`: attributes by subject, those on hold among them."""

    approved: frozenset[str]
    shown: Mapping[str, frozenset[Path]]

    @classmethod
    def of(cls, reviewed: Plan) -> "Seen":
        shown: dict[str, frozenset[Path]] = {}
        for change in _changes(reviewed):
            for effect in effects_of(change):
                shown[effect.subject] = shown.get(effect.subject, frozenset()) | {effect.path}
        approved = frozenset(effect.digest for change in reviewed.changes for effect in effects_of(change))
        return cls(approved=approved, shown=shown)

    def has_shown(self, change: Change) -> bool:
        """Whether the review was about an attribute of the change, whatever its value was then."""
        return any(self._covers(effect.subject, effect.path) for effect in effects_of(change))

    def _covers(self, subject: str, path: Path) -> bool:
        """A regional setting was shown as a whole, or Region by Region."""
        return any(path[: len(each)] == each or each[: len(path)] == path for each in self.shown.get(subject, ()))


def divided(
    change: UpdateAccount, goes: Callable[[UpdateAccount], bool]
) -> tuple[UpdateAccount | None, UpdateAccount | None]:
    """The update with the attributes that go, each of which is asked about alone, and with those that are left."""
    there = tuple(field for field in change.fields if goes(replace(change, fields=(field,))))
    left = tuple(field for field in change.fields if field not in there)
    return (replace(change, fields=there) if there else None, replace(change, fields=left) if left else None)


def alone(change: UpdateAccount) -> Iterator[UpdateAccount]:
    """The update as several, each of one attribute."""
    return (replace(change, fields=(field,)) for field in change.fields)


def _changes(plan: Plan) -> Iterator[Change]:
    yield from plan.changes
    yield from (hold.change for hold in plan.holds)
