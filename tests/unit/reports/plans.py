"""Plans made of any text: what a file or AWS could bring to a rendering at the worst."""

from typing import TypeVar

from hypothesis import strategies as st

from pipeline.model.account import AccountSpec, Contact, ContactType
from pipeline.model.change import (
    Change,
    ChangeControl,
    CloseAccount,
    ControlAction,
    CreateAccount,
    CreateUnit,
    CustomizeAccount,
    EnrollAccount,
    FieldChange,
    MoveAccount,
    RegisterUnit,
    UnitAction,
    UnmanageAccount,
    UpdateAccount,
    contact_json,
)
from pipeline.model.customization import ResourceChange
from pipeline.model.finding import Finding, Location, Severity
from pipeline.model.landing_zone import Check, LandingZone, Mode
from pipeline.model.outcome import Outcome, Status
from pipeline.model.plan import Bystander, Deferred, Hold, Plan, RollOut

T = TypeVar("T")

ATTACKS = (
    "@octocat",
    "#1",
    "GH-26",
    "owner/repository#1",
    "www.example.com",
    "https://example.com/x?a=b",
    "someone@example.com",
    "[text](https://example.com)",
    "![image](https://example.com/x.png)",
    "<img src=x onerror=alert(1)>",
    "</details>",
    "<!-- vend:plan: -->",
    "-->",
    "`code`",
    "``",
    "```\n# heading",
    "~~~",
    "| a | b |",
    "\\|",
    "\\\\|",
    "\\",
    "**bold** _em_ ~~gone~~",
    "&lt;b&gt; &#64;octocat",
    ":tada:",
    "$$x$$",
    "- item",
    "# heading",
    "1. item",
    "> quote",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x9b31m",
    "a\u202eb",
    "zero\u200bwidth",
    "line\r\nbreak",
    "\u2028",
    "::stop-commands::x",
    "::error::x",
    "##[add-matcher]x",
    "\\u{202E}",
    "confirm: {state: `closed`}",
    'a "quoted @value" b',
    "",
    " ",
)

_text = st.text(st.characters(codec="utf-8"), max_size=12)
hostile: st.SearchStrategy[str] = st.one_of(
    st.sampled_from(ATTACKS),
    _text,
    st.lists(st.sampled_from([*ATTACKS, "`", "|", " ", '"', "a"]), max_size=4).map("".join),
    st.sampled_from(["payments-prod", "Workloads/Prod", "4711", "payments"]),
)
_account_ids = st.sampled_from(["111122223333", "222233334444"])
_contacts = st.builds(Contact, name=hostile, title=hostile, email=hostile, phone=hostile)
_specs = st.builds(
    AccountSpec,
    name=hostile,
    email=hostile,
    organizational_unit=hostile,
    tags=st.dictionaries(hostile, hostile, max_size=3),
    contacts=st.dictionaries(st.sampled_from(ContactType), st.none() | _contacts, max_size=2),
)
_sides = st.none() | hostile
_owners = st.none() | st.fixed_dictionaries({"request": hostile, "repository": hostile})
_contact_sides = st.none() | _contacts.map(contact_json)
_fields = st.one_of(
    st.builds(FieldChange, path=st.sampled_from([("name",), ("email",)]), before=_sides, after=_sides),
    st.builds(FieldChange, path=st.tuples(st.just("tags"), hostile), before=_sides, after=_sides),
    st.builds(FieldChange, path=st.tuples(st.just("contacts"), hostile), before=_contact_sides, after=_contact_sides),
    st.builds(FieldChange, path=st.just(("ownership",)), before=_owners, after=_owners),
    st.builds(FieldChange, path=st.tuples(hostile, hostile), before=_sides, after=_sides),
    st.builds(
        FieldChange,
        path=st.sampled_from([("sso_user",), ("enrollment",)]),
        before=st.fixed_dictionaries({}, optional={"email": hostile, "drift": hostile}),
        after=st.fixed_dictionaries({}, optional={"email": hostile, "unit": hostile}),
    ),
)
_checks = st.builds(Check, name=hostile, passed=st.none() | st.booleans(), message=hostile, remedy=hostile)
changes: st.SearchStrategy[Change] = st.one_of(
    st.builds(CreateUnit, path=hostile),
    st.builds(CreateAccount, key=hostile, repository=hostile, spec=_specs, product=_sides, enrolls=st.booleans()),
    st.builds(MoveAccount, key=hostile, account_id=_account_ids, name=hostile, before=hostile, after=hostile),
    st.builds(
        UpdateAccount,
        key=hostile,
        account_id=_account_ids | hostile,
        name=hostile,
        fields=st.lists(_fields, min_size=1, max_size=10).map(tuple),
    ),
    st.builds(CloseAccount, key=hostile, account_id=_account_ids, name=hostile, unmanages=st.booleans()),
    st.builds(
        RegisterUnit,
        path=hostile,
        action=st.sampled_from(UnitAction),
        before=_sides,
        after=hostile,
        accounts=st.lists(hostile, max_size=3).map(tuple),
    ),
    st.builds(
        ChangeControl,
        path=hostile,
        control=hostile,
        action=st.sampled_from(ControlAction),
        parameters=st.dictionaries(hostile, hostile, max_size=2),
    ),
    st.builds(
        EnrollAccount,
        key=hostile,
        account_id=_account_ids,
        name=hostile,
        email=hostile,
        before=hostile,
        after=hostile,
        product=_sides,
        repairs=st.lists(hostile, max_size=2).map(tuple),
        checks=st.lists(_checks, max_size=2).map(tuple),
    ),
    st.builds(UnmanageAccount, key=hostile, account_id=_account_ids, name=hostile),
    st.builds(
        CustomizeAccount,
        key=hostile,
        account_id=st.none() | _account_ids,
        name=hostile,
        customization=hostile,
        fingerprint=hostile,
        reasons=st.lists(hostile, max_size=2).map(tuple),
        resources=st.none()
        | st.lists(
            st.builds(ResourceChange, address=hostile, action=st.sampled_from(("create", "delete"))), max_size=2
        ).map(tuple),
    ),
)
landing_zones = st.builds(
    LandingZone,
    home_region=hostile,
    status=hostile,
    version=hostile,
    latest_version=hostile,
    is_drifted=st.booleans(),
    mode=st.sampled_from(Mode),
    mode_reason=hostile,
)
locations = st.builds(Location, hostile, st.integers(1, 9), st.integers(1, 9))
findings = st.builds(
    Finding,
    location=locations,
    rule=hostile,
    message=hostile,
    hint=hostile,
    attribute=hostile,
    severity=st.sampled_from(Severity),
)
_bystanders = st.builds(Bystander, account_id=hostile, name=hostile, organizational_unit=hostile, key=_sides)
_holds = st.builds(Hold, change=changes, guard=hostile, reason=hostile, release=hostile)
_deferred = st.builds(Deferred, key=hostile, attributes=st.lists(hostile, min_size=1, max_size=2).map(tuple))


def _few(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(strategy, max_size=3).map(tuple)


_roll_outs = st.builds(
    RollOut,
    waves=st.lists(st.lists(hostile, min_size=1, max_size=4).map(tuple), min_size=1, max_size=3).map(tuple),
    failure_budget=st.none() | st.integers(0, 3),
)
plans = st.builds(
    Plan,
    changes=_few(changes),
    holds=_few(_holds),
    findings=_few(findings),
    deferred=_few(_deferred),
    unmanaged=_few(_bystanders),
    orphans=_few(_bystanders),
    managed=st.integers(0, 10_000),
    roll_out=st.none() | _roll_outs,
    landing_zone=st.none() | landing_zones,
)
outcomes = st.lists(
    st.builds(
        Outcome,
        digest=st.just("0" * 64),
        kind=st.sampled_from(["create", "move", "update", "close", "create-unit"]),
        subject=hostile,
        status=st.sampled_from(Status),
        message=hostile,
        hint=hostile,
        account_id=st.none() | _account_ids,
    ),
    max_size=4,
)


def an_update(key: str, *fields: FieldChange) -> UpdateAccount:
    """An update of the account of `key`: by default, its tag CostCenter."""
    given = fields or (FieldChange(path=("tags", "CostCenter"), before="4711", after="4712"),)
    return UpdateAccount(key=key, account_id="333344445555", name=key, fields=given)


def a_move(key: str = "search-dev", before: str = "Sandbox", after: str = "Workloads/Prod") -> MoveAccount:
    return MoveAccount(key=key, account_id="222233334444", name=key, before=before, after=after)


def a_hold(change: Change, reason: str = 'unit "Workloads/Prod" is protected') -> Hold:
    release = "write confirm: {organizational_unit: Workloads/Prod} in account-requests/search-dev.yaml"
    return Hold(change=change, guard="protected-unit", reason=reason, release=release)
