"""The organization as a tree."""

from pipeline.model.account import AccountState
from pipeline.model.observed import CreationInFlight
from pipeline.reports.organization import tree
from tests.builders import a_state, an_account, the_management_account, unowned

STATE = a_state(
    an_account("payments", organizational_unit="Workloads/Prod"),
    an_account("billing", name="Billing", organizational_unit="Workloads/Prod"),
    unowned("playground", organizational_unit="Sandbox"),
    an_account("old", organizational_unit="Workloads", state=AccountState.SUSPENDED),
    the_management_account(),
    units=("Sandbox", "Security", "Workloads", "Workloads/Prod"),
    creations=(CreationInFlight(request_id="car-1", name="new"),),
)


def without_ids(text: str) -> str:
    ids = {account.account_id: account.spec.name.upper() for account in STATE.accounts}
    for account_id, name in ids.items():
        text = text.replace(account_id, name)
    return text


def test_a_tree_shows_units_and_accounts_and_whose_they_are() -> None:
    assert without_ids(tree(STATE, color=False)) == (
        """Root (o-exampleorgid1) · 1 account
├── MANAGEMENT  management  management account
├── Sandbox · 1 account
│   └── PLAYGROUND  playground  nobody's
├── Security
└── Workloads · 1 account
    ├── OLD  old         owned  SUSPENDED
    └── Prod · 2 accounts
        ├── BILLING  Billing     owned as billing
        └── PAYMENTS  payments    owned

5 accounts in 4 units: 3 owned by a request's tag, 1 nobody's, 1 not active, 1 creation in progress
"""
    )


def test_a_unit_of_thousands_is_counted_beyond_the_limit() -> None:
    state = a_state(*(an_account(f"account-{number:04}") for number in range(3_000)))
    lines = tree(state, color=False, per_unit=5).splitlines()

    assert sum("account-" in line for line in lines) == 5
    assert "    └── … and 2,995 more" in lines
    assert lines[-1].startswith("3,001 accounts in 1 unit: 3,000 owned")


def test_an_account_in_a_unit_that_was_not_observed_is_still_shown() -> None:
    assert "stray" in tree(a_state(an_account("stray", organizational_unit="A/B")), color=False)


def test_the_order_of_what_was_observed_does_not_matter() -> None:
    turned = a_state(*reversed(STATE.accounts), units=tuple(unit.path for unit in reversed(STATE.units)))

    assert tree(turned, color=False).splitlines()[:-1] == tree(STATE, color=False).splitlines()[:-1]
