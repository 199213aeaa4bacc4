"""Words for what Control Tower does with units and accounts."""

from collections.abc import Mapping
from typing import Final, assert_never

from pipeline.model.change import (
    ChangeControl,
    ControlAction,
    EnrollAccount,
    FieldChange,
    RegisterUnit,
    UnitAction,
    UnmanageAccount,
)
from pipeline.model.effect import effects_of
from pipeline.model.json import Json
from pipeline.model.landing_zone import Check, LandingZone
from pipeline.reports.escaping import clip
from pipeline.reports.phrases import DOT, Phrase, Sentence, Value, counted, joined

_VALUE_LIMIT: Final = 60
_REASON_LIMIT: Final = 200
_MARKS: Final[Mapping[bool | None, str]] = {True: "✓ ok", False: "✗ not met", None: "? not read"}
"""How a condition of enrolling stands."""

Governance = RegisterUnit | ChangeControl | EnrollAccount | UnmanageAccount

_UNIT_ACTIONS: Final = {
    UnitAction.REGISTER: "registers the unit",
    UnitAction.UPDATE: "updates the unit's baseline",
    UnitAction.RESET: "resets the unit's baseline",
}
_CONTROL_ACTIONS: Final = {
    ControlAction.ENABLE: "enables",
    ControlAction.UPDATE: "changes the parameters of",
    ControlAction.RESET: "resets",
    ControlAction.DISABLE: "disables",
}


def sign(change: Governance) -> str:
    """One character: `◆` comes under Control Tower, `◇` leaves it."""
    return "◇" if isinstance(change, UnmanageAccount) else "◆"


def kind(change: Governance) -> str:
    """The word for people: what is done with a unit or a control."""
    match change:
        case RegisterUnit(action=action):
            return f"{action.value} unit"
        case ChangeControl(action=action):
            return f"{action.value} control"
        case EnrollAccount():
            return "enroll"
        case UnmanageAccount():
            return "unmanage"
        case _:
            assert_never(change)


def phrase(change: Governance) -> Phrase:
    """What the change does, in one line; how many accounts it touches is part of it."""
    match change:
        case RegisterUnit(action=action, before=before, after=after, accounts=accounts):
            older: Phrase = (Value(clip(before, _VALUE_LIMIT)), " → ") if before is not None and before != after else ()
            touched = f") · touches {counted(len(accounts), 'account')}"
            return (f"{_UNIT_ACTIONS[action]} (", *older, Value(clip(after, _VALUE_LIMIT)), touched)
        case ChangeControl(action=action, control=control):
            return (f"{_CONTROL_ACTIONS[action]} control ", Value(clip(control, _VALUE_LIMIT)))
        case EnrollAccount(after=after, email=email, repairs=repairs):
            words = joined(((Value(clip(each, _VALUE_LIMIT)),) for each in repairs), (", ",))
            first: Phrase = (" · first repairs: ", *words) if repairs else ()
            where = Value(clip(after, _VALUE_LIMIT))
            return ("enrolls into Control Tower in ", where, " as ", Value(clip(email, _VALUE_LIMIT)), *first)
        case UnmanageAccount():
            return ("leaves Control Tower: moves to the root and loses AWSControlTowerExecution",)
        case _:
            assert_never(change)


def rows(change: Governance) -> tuple[tuple[Phrase, Json, Json], ...]:
    """Label, before and after of each fact of the change; then which accounts it touches."""
    facts: list[tuple[Phrase, Json, Json]] = [
        (_label(effect.path), effect.before, effect.after) for effect in effects_of(change)
    ]
    match change:
        case RegisterUnit(accounts=accounts):
            facts += [(("touches account",), None, each) for each in accounts]
        case EnrollAccount(email=email, product=product):
            facts.append((("e-mail, as AWS has it",), None, email))
            facts += [(("product",), None, product)] if product is not None else []
        case ChangeControl() | UnmanageAccount():
            pass
        case _:
            assert_never(change)
    return tuple(facts)


def checklist(change: EnrollAccount) -> tuple[Phrase, ...]:
    """The conditions of the enrolment as they were read, a line for each: how it stands, what is so, what to do."""
    return tuple(_condition(check, change) for check in change.checks)


def _condition(check: Check, change: EnrollAccount) -> Phrase:
    is_repaired = check.passed is False and check.repair is not None and check.repair in change.repairs
    mark = "↻ repaired by this change" if is_repaired else _MARKS[check.passed]
    remedy: Phrase = ("; to do: ", Value(check.remedy)) if check.remedy and not (check.passed or is_repaired) else ()
    return (mark, " · ", Value(check.name), ": ", Value(check.message), *remedy)


def of_zone(zone: LandingZone) -> Phrase:
    """One line about the landing zone: where, which version, how accounts come into it and why."""
    newer = f" ({zone.latest_version} is the latest)" if zone.version != zone.latest_version else ""
    parts: list[Phrase] = [("Control Tower ", Value(f"{zone.version}{newer}"), " in ", Value(zone.home_region))]
    if not zone.is_active:
        parts.append((Value(zone.status),))
    reason: Phrase = (" (", Sentence(clip(zone.mode_reason, _REASON_LIMIT)), ")") if zone.mode_reason else ()
    parts.append((f"accounts by {zone.mode.value}", *reason))
    if zone.is_drifted:
        parts.append(("drifted",))
    return joined(parts, DOT)


def of_administrator(field: FieldChange) -> Phrase:
    """Who is the first administrator, by address."""
    before, after = (_address(each) for each in (field.before, field.after))
    losing = ("; the former one loses access",) if field.before is not None else ()
    return ("first administrator ", *before, " → ", *after, *losing)


def of_repair(field: FieldChange) -> Phrase:
    """An enrolment that is put right."""
    wanted = field.after.get("unit") if isinstance(field.after, Mapping) else None
    drift = field.before.get("drift") if isinstance(field.before, Mapping) else None
    told: Phrase = (" (", Value(clip(str(drift), _VALUE_LIMIT)), ")") if drift else ()
    return ("repairs its enrolment in ", Value(clip(str(wanted), _VALUE_LIMIT)), *told)


def _address(value: Json) -> Phrase:
    email = value.get("email") if isinstance(value, Mapping) else None
    return ("nobody",) if email is None else (Value(clip(str(email), _VALUE_LIMIT)),)


def _label(path: tuple[str, ...]) -> Phrase:
    match path:
        case ("managed",):
            return ("under Control Tower",)
        case ("organizational_unit",):
            return ("unit",)
        case ("controls", control):
            return ("control ", Value(control))
        case _:
            return (Value(" ".join(path)),)
