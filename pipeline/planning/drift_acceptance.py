"""Accepting a difference: what a request has to say so that it asks for what is."""

from collections.abc import Iterator, Mapping
from typing import Final

from pipeline.model.access import Assignment, wanted_access
from pipeline.model.account import ROOT, AccountSpec, Unobserved
from pipeline.model.account_settings import Setting
from pipeline.model.change import Change, CreateAccount, CustomizeAccount, EnrollAccount, UnitChange
from pipeline.model.drift_report import Edit, ListEdit
from pipeline.model.effect import Effect
from pipeline.model.json import Json
from pipeline.model.request import AccountRequest

_NO_WORDS: Final[Mapping[str, str]] = {
    "ownership": "ownership tags are ours to write; to let the account go, remove the request, and the account is left alone",
    "sso_user": "AWS does not tell who it is in the words of a request",
    "enrollment": "Control Tower's own state is no value of a request",
}
_OF_ROOT: Final = "no request can name the root as its unit"
_OF_CREATION: Final = "remove the request, if nobody wants the account any more"
_OF_UNIT: Final = "what is asked of units stands in account-requests/_organization.yaml; change it there"
_OF_CUSTOMIZATION: Final = "change its source or its inputs, so that it asks for what is there"


def acceptance(change: Change, effect: Effect, request: AccountRequest | None) -> tuple[Edit, ...] | str:
    """The edits of the request after which the effect is not needed; words where there are none."""
    if isinstance(change, UnitChange):
        return _OF_UNIT
    if isinstance(change, CreateAccount):
        return _OF_CREATION
    if isinstance(change, CustomizeAccount):
        return _OF_CUSTOMIZATION
    if request is None:
        return "its request is not known"
    edits = _edits_of_enrolment(change) if isinstance(change, EnrollAccount) else _edits(effect, request)
    if isinstance(edits, str):
        return edits
    return (*edits, *_stale_confirmation(edits, request))


def _edits(effect: Effect, request: AccountRequest) -> tuple[Edit, ...] | str:
    match effect.path:
        case ("access", *_):
            return _edits_of_access(effect, request)
        case ("settings", name, *regions):
            return _edits_of_setting(name, effect.before, is_regional=bool(regions))
        case _:
            edit = _edit_of_value(effect)
            return edit if isinstance(edit, str) else (edit,)


def _edit_of_value(effect: Effect) -> Edit | str:
    path, found = effect.path, effect.before
    match path[0]:
        case "organizational_unit" if found == ROOT:
            return _OF_ROOT
        case "name" | "email" | "organizational_unit" | "managed" | "tags" | "contacts":
            return Edit(path=path, value=found)
        case "state":
            return Edit(path=path, value="closed" if found == "closed" else None)
        case "contact_information":
            return Edit(path=path, value=_without_nulls(found) or None)
        case "regions":
            return Edit(path=("regions",), value=ListEdit(removed=(path[1],)))
        case other:
            return _NO_WORDS.get(other, "no value of a request says it")


def _edits_of_enrolment(change: EnrollAccount) -> tuple[Edit, ...] | str:
    if change.before == change.after:
        return (Edit(path=("managed",), value=False),)
    if change.before == ROOT:
        return _OF_ROOT
    return (Edit(path=("managed",), value=False), Edit(path=("organizational_unit",), value=change.before))


def _edits_of_access(effect: Effect, request: AccountRequest) -> tuple[Edit, ...] | str:
    assignment = Assignment.of(effect.path)
    if effect.after is None:
        entry: Json = {
            assignment.principal.kind.value: assignment.principal.name,
            "permission_set": assignment.permission_set,
        }
        return (Edit(path=("access",), value=ListEdit(added=(entry,))),)
    entries = tuple(dict(each) for each in _entries(request.spec) if assignment in _assignments(each, request))
    return (Edit(path=("access",), value=ListEdit(removed=entries)),) if entries else "its entry is not known"


def _entries(spec: AccountSpec) -> Iterator[Mapping[str, Json]]:
    if not isinstance(spec.access, Unobserved):
        yield from spec.access


def _assignments(entry: Mapping[str, Json], request: AccountRequest) -> tuple[Assignment, ...]:
    spec = AccountSpec(name="", email="", organizational_unit=request.spec.organizational_unit, access=(entry,))
    return wanted_access(spec)


def _edits_of_setting(name: str, found: Json, *, is_regional: bool) -> tuple[Edit, ...] | str:
    """A regional setting has one value for all Regions, so what differs in one of them can only be not asked for."""
    if name == Setting.CUSTOM_FIELDS:
        return "custom fields are written as they are; change `custom_fields`"
    value = _without_nulls(found) if isinstance(found, Mapping) else found
    plain = isinstance(value, str | bool) or (name == Setting.PASSWORD_POLICY and bool(value))
    return (Edit(path=("settings", name), value=value if plain and not is_regional else None),)


def _without_nulls(value: Json) -> Json:
    return {key: each for key, each in value.items() if each is not None} if isinstance(value, Mapping) else value


def _stale_confirmation(edits: tuple[Edit, ...], request: AccountRequest) -> Iterator[Edit]:
    """A `confirm` of what is not asked for any more would be a warning from then on."""
    for name in sorted({edit.path[0] for edit in edits} & set(request.confirm)):
        yield Edit(path=("confirm", name), value=None)
