"""Customizations that accounts have and nobody asks for any more."""

from datetime import date

from pipeline.customizations.left_behind import Account, left_behind
from pipeline.customizations.settings import StateBucket, StateFolder
from pipeline.customizations.state import Listing, Mark
from pipeline.model.customization import Target
from pipeline.model.finding import Location, Severity

ONE, TWO, OTHERS = "210000000001", "210000000002", "210000000009"
PLACE = Location("account-requests/one.yaml", 7, 1)
BUCKET = StateBucket(bucket="example-state", region="eu-west-1")
MARK = Mark(day=date(2026, 3, 4), fingerprint="f", etag="e")


def accounts(*asked: str) -> dict[str, Account]:
    return {
        ONE: Account(key="one", asked=frozenset(asked), location=PLACE),
        TWO: Account(key="two", asked=frozenset(asked), location=Location("account-requests/two.yaml")),
    }


def listing(*kept: tuple[str, str], marked: tuple[tuple[str, str], ...] = ()) -> Listing:
    return Listing(
        etags={Target(account_id=account, customization=name): "etag" for account, name in kept},
        marks={Target(account_id=account, customization=name): (MARK,) for account, name in marked},
    )


def test_what_is_asked_for_and_what_is_of_other_accounts_is_not_told() -> None:
    assert left_behind(listing((ONE, "network"), (OTHERS, "old")), accounts("network"), BUCKET) == ()


def test_an_unasked_customization_is_a_warning_with_what_to_type() -> None:
    (found,) = left_behind(listing((ONE, "old"), marked=((ONE, "old"),)), accounts("network"), BUCKET)

    assert (found.severity, found.location) == (Severity.WARNING, PLACE)
    assert found.message == f'customization "old" is in account "one" {ONE}, and nobody asks for it any more'
    assert found.hint == (
        "to keep it, ask for it again: {name: old} under customizations of the request, or in a layer; to remove it: "
        f"`terraform destroy` with TF_WORKSPACE={ONE}, "
        f"then `aws s3 rm s3://example-state/accounts/{ONE}/customizations/old.tfstate`, "
        f"then `aws s3 rm --recursive s3://example-state/accounts/{ONE}/customizations/old/`"
    )


def test_what_has_no_state_has_nothing_to_destroy() -> None:
    (found,) = left_behind(listing(marked=((ONE, "old"),)), accounts(), StateFolder(local=".vend/my state"))

    assert "terraform destroy" not in found.hint
    assert found.hint.endswith(f"to remove it: `rm -r '.vend/my state/old/{ONE}'`")


def test_a_layer_that_has_gone_is_one_finding_for_all_of_its_accounts() -> None:
    many = {
        f"2100000001{number:02}": Account(key=f"k{number}", asked=frozenset(), location=PLACE) for number in range(12)
    }

    (found,) = left_behind(listing(*((account, "old") for account in many)), many, BUCKET)

    assert found.message.startswith('customization "old" is in 12 accounts, "k0" 210000000100, ')
    assert '"k9" 210000000109 and 2 more, and nobody' in found.message
    assert "to remove it, here for 210000000100: " in found.hint
