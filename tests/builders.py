"""Values for tests: each builder gives a plain, valid value, and takes by keyword what a test is about.

A request and an account of one key fit together: `a_state(an_account("web"))` is as `a_desired(a_request("web"))` asks for.
"""

from hashlib import sha256
from typing import Any

from pipeline.model.account import AccountSpec, AccountState, Contact, ContactType, WantedState
from pipeline.model.finding import Location
from pipeline.model.observed import CreationInFlight, ObservedAccount, ObservedState, ObservedUnit
from pipeline.model.request import AccountRequest, DesiredState, DesiredUnit
from pipeline.planning.policy import Policy

REPOSITORY = "example-account-requests"
MANAGEMENT = "111122223333"
UNIT = "Workloads"


def account_id_of(key: str) -> str:
    """The account id that `an_account(key)` has: 12 digits, always the same for the same key."""
    return f"{int(sha256(key.encode()).hexdigest(), 16) % 10**12:012d}"


def a_spec(key: str = "payments", **attributes: Any) -> AccountSpec:
    given = {"name": key, "email": f"aws+{key}@example.com", "organizational_unit": UNIT}
    return AccountSpec(**{**given, **attributes})


def a_contact(name: str = "Security desk", **attributes: str) -> Contact:
    given = {"title": "On call", "email": "security@example.com", "phone": "+49 30 1234567"}
    return Contact(name=name, **{**given, **attributes})


def no_contacts() -> dict[ContactType, Contact | None]:
    """What an account without alternate contacts is observed with."""
    return dict.fromkeys(ContactType)


def a_request(
    key: str = "payments", *, account_id: str | None = None, confirm: dict[str, Any] | None = None, **spec: Any
) -> AccountRequest:
    """A request in `account-requests/KEY.yaml`; `spec` are attributes of `AccountSpec`."""
    given = {"regions": (), **spec}
    return AccountRequest(
        key=key,
        spec=a_spec(key, **given),
        account_id=account_id,
        confirm=confirm or {},
        origins={(): Location(f"account-requests/{key}.yaml")},
    )


def an_account(
    key: str = "payments",
    *,
    account_id: str | None = None,
    state: AccountState = AccountState.ACTIVE,
    owner: str | None = "",
    repository: str | None = "",
    **spec: Any,
) -> ObservedAccount:
    """An account that the request `key` owns; `owner=None` and `repository=None` leave the ownership tags out.

    No contact is set on it, unless `contacts` says otherwise.
    """
    wanted = WantedState.CLOSED if state.is_closing else WantedState.OPEN
    return ObservedAccount(
        account_id=account_id or account_id_of(key),
        state=state,
        spec=a_spec(key, **{"state": wanted, "contacts": no_contacts(), **spec}),
        key=key if owner == "" else owner,
        repository=REPOSITORY if repository == "" else repository,
    )


def unowned(key: str = "payments", **attributes: Any) -> ObservedAccount:
    """An account that fits the request `key` and is nobody's."""
    return an_account(key, owner=None, repository=None, **attributes)


def the_management_account(**attributes: Any) -> ObservedAccount:
    given = {"account_id": MANAGEMENT, "organizational_unit": "/", **attributes}
    return unowned("management", **given)


def a_state(
    *accounts: ObservedAccount, units: tuple[str, ...] = (UNIT,), creations: tuple[CreationInFlight, ...] = ()
) -> ObservedState:
    """An organization of the management account and `accounts`, with the units `units`."""
    everyone = (
        accounts if any(each.account_id == MANAGEMENT for each in accounts) else (the_management_account(), *accounts)
    )
    return ObservedState(
        organization_id="o-exampleorgid1",
        management_account_id=MANAGEMENT,
        read_at="2026-11-22T13:05:01Z",
        accounts=tuple(everyone),
        units=tuple(
            ObservedUnit(unit_id=f"ou-ex01-{number:08d}", path=path)
            for number, path in enumerate(sorted({"/", *units}))
        ),
        creations=creations,
    )


def a_desired(*requests: AccountRequest, units: tuple[str, ...] = (UNIT,)) -> DesiredState:
    where = Location("account-requests/_organization.yaml")
    return DesiredState(
        requests=tuple(sorted(requests, key=lambda request: request.key)),
        units=tuple(DesiredUnit(path=path, location=where) for path in sorted(units)),
    )


def a_policy(**values: Any) -> Policy:
    """No limits but those that the test names."""
    given = {"repository": REPOSITORY, "max_closures": 1_000_000, "max_changed_share": 1.0}
    return Policy(**{**given, **values})
