"""Organizations and requests for laws: small pools of names, so that requests and accounts meet in every way."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from pipeline.model.account import ROOT, UNOBSERVED, AccountSpec, AccountState, Contact, ContactType, WantedState
from pipeline.model.account_settings import NOT_READABLE, PASSWORD_POLICY_DEFAULTS
from pipeline.model.email_update import EmailStanding, EmailUpdate, email_mark
from pipeline.model.observed import CreationInFlight, ObservedAccount, ObservedState
from pipeline.model.request import AccountRequest, DesiredState
from pipeline.planning.policy import Policy, TagsMode
from tests.builders import (
    MANAGEMENT,
    REPOSITORY,
    a_contact,
    a_desired,
    a_policy,
    a_request,
    a_state,
    account_id_of,
    an_account,
    no_contacts,
    the_management_account,
)
from tests.inside import AT_BIRTH, NEW_REGION, REGIONS, USED_VPC, VOLUME_KEY

KEYS = tuple("abcdef")
UNITS = ("Sandbox", "Security", "Security/Logs", "Workloads", "Workloads/Prod")
TAG_KEYS = ("CostCenter", "team", "map-migrated")

keys = st.sampled_from(KEYS)
units = st.sampled_from(UNITS)
account_names = st.sampled_from(("one", "two", "three, or 3", "vier"))
emails = st.sampled_from(tuple(f"aws+{key}@example.com" for key in KEYS))
tags = st.dictionaries(st.sampled_from(TAG_KEYS), st.sampled_from(("", "1", "ü")), max_size=3)
contacts = st.builds(a_contact, st.sampled_from(("Desk", "Office")))
some_contacts: st.SearchStrategy[dict[ContactType, Contact | None]] = st.dictionaries(
    st.sampled_from(ContactType), st.none() | contacts, max_size=3
)
wanted_settings: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "alias": st.sampled_from(("example-a", "example-b")),
        "password_policy": st.sampled_from(({}, {"minimum_length": 24})),
        "s3_block_public_access": st.booleans(),
        "ebs_encryption_by_default": st.booleans(),
        "ebs_encryption_key": st.sampled_from(("alias/volumes", {"eu-west-1": "alias/aws/ebs"})),
        "imdsv2": st.sampled_from(("required", "optional")),
        "default_vpcs": st.sampled_from(("delete", "keep")),
        "custom_fields": st.sampled_from(({}, {"team": "a"}, {"team": "b", "tier": "1"})),
    },
)


def in_regions(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(dict.fromkeys(REGIONS, values), optional={"ap-south-1": st.just(NOT_READABLE)})


observed_settings: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "alias": st.sampled_from((None, "example-a")),
        "password_policy": st.sampled_from((None, PASSWORD_POLICY_DEFAULTS)),
        "custom_fields": st.sampled_from(({}, {"team": "a"}, {"old": {"type": "SecureString"}})),
        "s3_block_public_access": st.booleans() | st.just({"block_public_acls": True, "ignore_public_acls": False}),
        "ebs_encryption_by_default": in_regions(st.booleans()),
        "ebs_encryption_key": in_regions(st.sampled_from((AT_BIRTH["ebs_encryption_key"], VOLUME_KEY))),
        "imdsv2": in_regions(st.sampled_from((None, "required", "optional"))),
        "default_vpcs": in_regions(st.sampled_from((None, AT_BIRTH["default_vpcs"], USED_VPC))),
    }
)
ADMINS, READERS = {"group": "Admins", "permission_set": "Admin"}, {"user": "ada", "permission_set": "Read"}
wanted_access = st.sampled_from(((), (ADMINS,), (READERS, ADMINS)))
observed_access = st.sampled_from(
    (
        (),
        ({**ADMINS, "ours": True},),
        ({**READERS, "ours": False},),
        ({**ADMINS, "ours": False}, {**READERS, "ours": True}),
    )
)
contact_information = st.sampled_from((UNOBSERVED, {"city": "Berlin"}, {"city": "Bonn", "postal_code": "1"}))
email_updates = st.none() | st.builds(
    EmailUpdate,
    standing=st.sampled_from(EmailStanding),
    until=st.just("2026-11-23T13:05+00:00"),
    mark=st.sampled_from((None, *(email_mark(f"aws+{key}@example.com") for key in "abcdef"))),
)
ready_states = st.just(AccountState.ACTIVE)
any_states = st.sampled_from(AccountState)
OWNERSHIPS = (
    (None, None),
    ("self", REPOSITORY),
    ("other", REPOSITORY),
    ("self", None),
    (None, REPOSITORY),
    ("self", "theirs"),
)


@st.composite
def accounts(
    draw: st.DrawFn, key: str, *, states: st.SearchStrategy[AccountState] = any_states, in_root: bool = True
) -> ObservedAccount:
    """An account that may be request `key`'s, with any attributes and any ownership tags."""
    owner, repository = draw(st.sampled_from(OWNERSHIPS))
    found = an_account(
        key,
        owner={"self": key, "other": draw(keys), None: None}[owner],
        repository=repository,
        state=draw(states),
        name=draw(account_names),
        organizational_unit=draw(units | st.just("/") if in_root else units),
        tags=draw(tags),
        contacts={**no_contacts(), **draw(some_contacts)},
        regions=(*REGIONS, *draw(st.sampled_from(((), (NEW_REGION,))))),
        settings=draw(observed_settings),
        access=draw(observed_access),
        contact_information=draw(st.sampled_from(({}, {"city": "Berlin"}))),
    )
    return replace(found, email_update=draw(email_updates))


@st.composite
def organizations(
    draw: st.DrawFn,
    *,
    states: st.SearchStrategy[AccountState] = any_states,
) -> ObservedState:
    """An organization with any accounts, units and creations in flight."""
    chosen = draw(st.lists(keys, unique=True, max_size=len(KEYS)))
    creations = draw(st.lists(account_names, max_size=2))
    management = the_management_account(email=draw(st.sampled_from(("aws@example.com", "aws+a@example.com"))))
    members = [draw(accounts(key, states=states)) for key in chosen]
    taken = {management.spec.email}
    return a_state(
        management,
        *(account for account in members if account.spec.email not in taken),
        units=_with_parents(draw(st.sets(units)) | {account.spec.organizational_unit for account in members}),
        creations=tuple(
            CreationInFlight(request_id=f"car-{number}", name=name) for number, name in enumerate(creations)
        ),
    )


@st.composite
def requests(draw: st.DrawFn, key: str) -> AccountRequest:
    """A request `key` for any account or none, with any attributes, confirmed or not."""
    name, unit = draw(account_names), draw(units)
    values = {"name": name, "organizational_unit": unit, "state": "closed", "email": "x@example.com"}
    confirmed = draw(st.sets(st.sampled_from(tuple(values))))
    return a_request(
        key,
        account_id=draw(st.none() | st.none() | st.sampled_from([account_id_of(each) for each in KEYS] + [MANAGEMENT])),
        confirm={field: draw(st.sampled_from((values[field], "stale"))) for field in sorted(confirmed)},
        name=name,
        organizational_unit=unit,
        email=draw(st.just(f"aws+{key}@example.com") | st.just(f"AWS+{key}@example.com") | emails),
        state=draw(st.sampled_from((WantedState.OPEN, WantedState.OPEN, WantedState.CLOSED))),
        protected=draw(st.booleans()),
        tags=draw(tags),
        contacts=draw(some_contacts),
        regions=draw(st.sampled_from(((), (NEW_REGION,)))),
        settings=draw(wanted_settings),
        access=draw(wanted_access),
        contact_information=draw(contact_information),
    )


@st.composite
def desires(draw: st.DrawFn) -> DesiredState:
    """Requests with keys and addresses of their own, as validation leaves them, and all units declared."""
    chosen = [draw(requests(key)) for key in draw(st.lists(keys, unique=True, max_size=len(KEYS)))]
    by_email = {request.spec.email.lower(): request for request in chosen}
    return a_desired(*by_email.values(), units=UNITS)


policies = st.builds(
    Policy,
    repository=st.just(REPOSITORY),
    tags_mode=st.sampled_from(TagsMode),
    tags_ignore=st.sampled_from(((), ("map-*",))),
    protected_units=st.sampled_from(((), ("Security",), ("Workloads/Prod", "Sandbox"))),
    max_closures=st.integers(0, 3),
    max_changed_share=st.sampled_from((0.0, 0.3, 1.0)),
    always_confirm=st.frozensets(st.sampled_from(("create", "move", "rename", "close"))),
)
unlimited_policies = st.builds(
    a_policy, tags_mode=st.sampled_from(TagsMode), tags_ignore=st.sampled_from(((), ("map-*",)))
)


def as_requested(state: ObservedState) -> tuple[ObservedState, DesiredState]:
    """The organization with each of its open accounts owned by a request, and the requests that say just that."""
    members = [each for each in state.accounts if each.account_id != MANAGEMENT and not each.state.is_closing]
    owned = [
        replace(each, key=f"key-{number}", repository=REPOSITORY, spec=_with_access_of_ours(each.spec))
        for number, each in enumerate(members)
    ]
    wanted = [AccountRequest(key=str(each.key), spec=replace(each.spec, regions=(), settings={})) for each in owned]
    others = [each for each in state.accounts if each not in members]
    return replace(state, accounts=(*others, *owned)), a_desired(
        *wanted, units=tuple(sorted(state.unit_paths() - {ROOT}))
    )


@st.composite
def crowds(draw: st.DrawFn) -> tuple[ObservedState, DesiredState]:
    """An organization of ten or more managed accounts, and requests that want some of them otherwise, and new ones."""
    members = [
        an_account(f"member-{number}", organizational_unit="Workloads") for number in range(draw(st.integers(8, 12)))
    ]
    wanted = [
        draw(
            st.just(a_request(str(member.key)))
            | st.builds(a_request, st.just(str(member.key)), tags=tags, contacts=some_contacts)
            | st.builds(a_request, st.just(str(member.key)), organizational_unit=units, protected=st.booleans())
            | st.just(a_request(str(member.key), state=WantedState.CLOSED))
        )
        for member in members
    ]
    new = [
        a_request(
            f"new-{number}",
            organizational_unit=draw(units),
            contacts=draw(some_contacts),
            regions=draw(st.sampled_from(((), (NEW_REGION,)))),
            settings=draw(wanted_settings),
        )
        for number in range(draw(st.integers(0, 6)))
    ]
    return a_state(*members), a_desired(*wanted, *new, units=UNITS)


def _with_access_of_ours(spec: AccountSpec) -> AccountSpec:
    return replace(spec, access=tuple({**each, "ours": True} for each in spec.access))


def _with_parents(paths: set[str]) -> tuple[str, ...]:
    return tuple(sorted(paths | {path.split("/")[0] for path in paths if path != "/"}))
