"""Words for what AWS keeps about an account outside of it: contact information, address, access."""

from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.model.access import FOREIGN
from pipeline.model.change import FieldChange
from pipeline.reports.escaping import clip
from pipeline.reports.phrases import Phrase, Value

_LIMIT: Final = 100
_KEPT: Final = frozenset({"access", "contact_information", "email"})


def is_kept(path: Sequence[str]) -> bool:
    """Whether this module has the words."""
    return path[0] in _KEPT


def label_of(path: Sequence[str]) -> Phrase:
    """What the attribute is called."""
    match tuple(path):
        case ("access", kind, principal, permission_set):
            return ("access of ", kind, " ", Value(principal), " with ", Value(permission_set))
        case ("email",):
            return ("e-mail",)
        case _:
            return (path[0].replace("_", " "),)


def words_of(field: FieldChange) -> Phrase:
    """What happens to it, in one line."""
    match field.path:
        case ("access", _, principal, permission_set):
            return _access(field, Value(clip(principal, _LIMIT)), Value(clip(permission_set, _LIMIT)))
        case ("email",):
            after = Value(clip(str(field.after), _LIMIT))
            return ("e-mail ", Value(clip(str(field.before), _LIMIT)), " → ", after, ", by a code that AWS sends there")
        case _:
            return _contact_information(field)


def _access(field: FieldChange, principal: Value, permission_set: Value) -> Phrase:
    if field.after is None:
        return ("takes ", permission_set, " from ", principal)
    if field.before == FOREIGN:
        return ("answers for ", permission_set, " of ", principal)
    return ("gives ", permission_set, " to ", principal)


def _contact_information(field: FieldChange) -> Phrase:
    """Which parts of it change; what they say is in the details."""
    if not isinstance(field.before, Mapping) or not isinstance(field.after, Mapping):
        return ("sets contact information",)
    names = sorted({*field.before, *field.after})
    differing = [name.replace("_", " ") for name in names if field.before.get(name) != field.after.get(name)]
    return ("contact information: ", ", ".join(differing))
