"""A model of what carrying out effects does to an organization: a few lines, for laws about plans."""

from dataclasses import replace

from pipeline.model.access import Assignment, access_json, observed_access
from pipeline.model.account import ROOT, AccountState, ContactType, WantedState
from pipeline.model.account_settings import Setting, wanted_in
from pipeline.model.change import Change, CreateAccount, CreateUnit, contact_from
from pipeline.model.effect import Effect, effects_of
from pipeline.model.email_update import EmailStanding, EmailUpdate, email_mark
from pipeline.model.observed import ObservedAccount, ObservedState, ObservedUnit
from tests.builders import no_contacts
from tests.inside import AT_BIRTH, fresh_settings

Step = tuple[Change, Effect]


def steps_of(changes: tuple[Change, ...]) -> list[Step]:
    return [(change, effect) for change in changes for effect in effects_of(change)]


def after(state: ObservedState, steps: list[Step]) -> ObservedState:
    """The organization when the effects of `steps` have come about, in their order."""
    for change, effect in steps:
        state = _after(state, change, effect)
    return state


def _after(state: ObservedState, change: Change, effect: Effect) -> ObservedState:
    if isinstance(change, CreateUnit):
        unit = ObservedUnit(unit_id=f"ou-{change.path}", path=change.path)
        return replace(state, units=(*state.units, unit))
    if isinstance(change, CreateAccount) and effect.path == ("account",):
        return _created(state, change)
    touched = [each for each in state.accounts if _is_subject(each, change, effect)]
    assert len(touched) == 1, f"{change} is about {len(touched)} accounts"
    changed = _changed(touched[0], effect)
    return replace(state, accounts=tuple(changed if each is touched[0] else each for each in state.accounts))


def _is_subject(account: ObservedAccount, change: Change, effect: Effect) -> bool:
    if isinstance(change, CreateAccount):
        made = (account.key, account.repository) == (change.key, change.repository)
        return made and account.spec.email == change.spec.email
    return account.account_id == effect.account_id


def _created(state: ObservedState, change: CreateAccount) -> ObservedState:
    """AWS takes the address only once, and puts the account into the root."""
    assert all(each.spec.email.lower() != change.spec.email.lower() for each in state.accounts)
    spec = replace(
        change.spec,
        organizational_unit=ROOT,
        contacts=no_contacts(),
        protected=False,
        access=(),
        contact_information={"city": "of the management account"},
        regions=(),
        settings=fresh_settings(),
    )
    account = ObservedAccount(
        account_id=f"{len(state.accounts):012d}",
        state=AccountState.ACTIVE,
        spec=spec,
        key=change.key,
        repository=change.repository,
    )
    in_flight = [each for each in state.creations if each.name == spec.name]
    return replace(
        state,
        accounts=(*state.accounts, account),
        creations=tuple(each for each in state.creations if each not in in_flight[:1]),
    )


def _changed(account: ObservedAccount, effect: Effect) -> ObservedAccount:  # noqa: PLR0911 - an arm for each attribute
    attribute, *rest = effect.path
    match attribute:
        case "name" | "organizational_unit":
            return replace(account, spec=replace(account.spec, **{attribute: effect.after}))
        case "tags":
            return replace(account, spec=replace(account.spec, tags=_tags(account, rest[0], effect)))
        case "contacts":
            return replace(account, spec=replace(account.spec, contacts=_contacts(account, rest[0], effect)))
        case "regions":
            return _enabled(account, rest[0])
        case "settings":
            return replace(account, spec=replace(account.spec, settings=_settings(account, rest, effect)))
        case "ownership":
            return replace(account, key=effect.after["request"], repository=effect.after["repository"])
        case "state":
            closed = replace(account.spec, state=WantedState.CLOSED)
            return replace(account, state=AccountState.PENDING_CLOSURE, spec=closed)
        case _:
            return _kept(account, effect)


def _kept(account: ObservedAccount, effect: Effect) -> ObservedAccount:
    """What AWS keeps about the account outside of it."""
    match effect.path[0]:
        case "contact_information":
            return replace(account, spec=replace(account.spec, contact_information=effect.after))
        case "access":
            return replace(account, spec=replace(account.spec, access=_access(account, effect)))
        case "email":
            waiting = EmailUpdate(standing=EmailStanding.WAITING, until="tomorrow", mark=email_mark(effect.after))
            return replace(account, email_update=waiting)
        case _:
            raise AssertionError(effect.path)


def _access(account: ObservedAccount, effect: Effect) -> tuple[dict[str, object], ...]:
    """Ours, or gone; in no order of its own."""
    changed = Assignment.of(effect.path)
    others = {each: ours for each, ours in observed_access(account.spec).items() if each != changed}
    found = others if effect.after is None else {**others, changed: True}
    return tuple(access_json(each, ours=found[each]) for each in sorted(found))


def _enabled(account: ObservedAccount, region: str) -> ObservedAccount:
    """The Region is there, with what AWS gives to every Region."""
    inside = account.spec.settings
    settings = {
        name: {**value, region: AT_BIRTH[name]} if Setting(name).is_regional else value
        for name, value in inside.items()
    }
    spec = replace(account.spec, regions=(*account.spec.regions, region), settings=settings)
    return replace(account, spec=spec)


def _settings(account: ObservedAccount, path: list[str], effect: Effect) -> dict[str, object]:
    name, *region = path
    settings = dict(account.spec.settings)
    if not Setting(name).is_regional:
        return {**settings, name: effect.after}
    asked = effect.after if isinstance(effect.after, dict) else settings[name]
    regions = region or [each for each in settings[name] if each in asked]
    assert set(regions) <= set(settings[name]), "a setting of a Region comes after the Region"
    return {**settings, name: {**settings[name], **{each: _in_region(name, effect, each) for each in regions}}}


def _in_region(name: str, effect: Effect, region: str) -> object:
    match name:
        case Setting.DEFAULT_VPCS:
            return None
        case Setting.EBS_ENCRYPTION_KEY:
            wanted = wanted_in(Setting.EBS_ENCRYPTION_KEY, effect.after, region)
            return {"key": wanted, "aliases": [wanted]}
        case _:
            return effect.after


def _tags(account: ObservedAccount, key: str, effect: Effect) -> dict[str, str]:
    assert account.spec.tags.get(key) == effect.before
    rest = {each: value for each, value in account.spec.tags.items() if each != key}
    return rest if effect.after is None else {**rest, key: effect.after}


def _contacts(account: ObservedAccount, name: str, effect: Effect) -> dict[ContactType, object]:
    contact = None if effect.after is None else contact_from(effect.after)
    return {**account.spec.contacts, ContactType(name): contact}
