"""The words for changes."""

import pytest

from pipeline.model.account import ContactType
from pipeline.model.account_settings import NOT_ENABLED
from pipeline.model.change import Change, CloseAccount, CreateAccount, CreateUnit, FieldChange, contact_json
from pipeline.reports.describe import differences, kind, same_effect, what, who
from pipeline.reports.phrases import plain
from tests.builders import a_contact, a_spec
from tests.unit.reports.plans import a_move, an_update

CONTACT = contact_json(a_contact())
OURS = {"request": "billing", "repository": "requests"}
CREATION = CreateAccount(
    key="payments-prod",
    repository="requests",
    spec=a_spec(
        "payments-prod",
        organizational_unit="Workloads/Prod",
        tags={"CostCenter": "4711", "Owner": "payments", "Tier": "1"},
        contacts={ContactType.SECURITY: a_contact(), ContactType.BILLING: None},
    ),
)


def a_field(*path: str, before: object, after: object) -> Change:
    return an_update("billing", FieldChange(path=path, before=before, after=after))  # type: ignore[arg-type] # JSON


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (CreateUnit(path="Workloads/Prod"), "new organizational unit"),
        (CREATION, "Workloads/Prod · aws+payments-prod@example.com · 3 tags, 1 contact"),
        (a_move(before="/", after="Workloads"), "the root → Workloads"),
        (
            CloseAccount(key="old", account_id="222233334444", name="Old one"),
            'closes "Old one", which AWS can reinstate for 90 days',
        ),
        (a_field("name", before="billing", after="billing-prod"), 'name "billing" → "billing-prod"'),
        (
            a_field("email", before="a@example.com", after="b@example.com"),
            "e-mail a@example.com → b@example.com, by a code that AWS sends there",
        ),
        (a_field("access", "group", "Admins", "ReadOnly", before=None, after="assigned"), "gives ReadOnly to Admins"),
        (a_field("access", "user", "ada", "ReadOnly", before="assigned", after=None), "takes ReadOnly from ada"),
        (
            a_field("access", "group", "Admins", "ReadOnly", before="assigned by others", after="assigned"),
            "answers for ReadOnly of Admins",
        ),
        (a_field("contact_information", before=None, after={"city": "Berlin"}), "sets contact information"),
        (
            a_field(
                "contact_information",
                before={"city": "Bonn", "full_name": "x"},
                after={"city": "Berlin", "full_name": "x", "postal_code": "1"},
            ),
            "contact information: city, postal code",
        ),
        (a_field("tags", "CostCenter", before="4711", after="4712"), "tag CostCenter 4711 → 4712"),
        (a_field("tags", "CostCenter", before=None, after="4712"), "adds tag CostCenter 4712"),
        (a_field("tags", "CostCenter", before="4711", after=None), "removes tag CostCenter, was 4711"),
        (a_field("tags", "CostCenter", before="", after="x"), "tag CostCenter (empty) → x"),
        (a_field("contacts", "security", before=None, after=CONTACT), "sets security contact"),
        (a_field("contacts", "security", before=CONTACT, after=None), "removes security contact"),
        (
            a_field("contacts", "security", before=CONTACT, after={**CONTACT, "email": "x@example.com", "phone": "1"}),
            "security contact: e-mail, phone",
        ),
        (a_field("ownership", before=None, after=OURS), "adopts an existing account"),
        (a_field("ownership", before={**OURS, "request": "bill"}, after=OURS), "request renamed: bill → billing"),
        (a_field("ownership", before={**OURS, "repository": None}, after=OURS), "repository (unset) → requests"),
        (a_field("regions", "eu-south-2", before=None, after="enabled"), "enables the Region eu-south-2"),
        (a_field("settings", "alias", before=None, after="example-a"), "alias (unset) → example-a"),
        (
            a_field("settings", "s3_block_public_access", before=False, after=True),
            "S3 block public access off → on",
        ),
        (
            a_field("settings", "imdsv2", before={"eu-west-1": None}, after="required"),
            "IMDSv2 required in eu-west-1",
        ),
        (
            a_field("settings", "default_vpcs", before={f"r-{each}": "vpc-1" for each in range(17)}, after="delete"),
            "deletes the default VPC in 17 Regions",
        ),
        (
            a_field(
                "settings",
                "ebs_encryption_by_default",
                before={"a": False, "b": False, "c": False, "d": NOT_ENABLED},
                after=True,
            ),
            "EBS encryption by default on in 4 Regions, 1 of them new",
        ),
        (
            a_field("settings", "password_policy", before=None, after={"minimum_length": 24, "hard_expiry": False}),
            "password policy: (unset) → minimum length 24",
        ),
        (
            a_field("settings", "password_policy", before={"minimum_length": 6}, after={"minimum_length": 24}),
            "password policy: minimum length 6 → 24",
        ),
        (
            a_field("settings", "custom_fields", before={"a": "1", "b": "2"}, after={"b": "3", "c": "4", "d": "5"}),
            "custom fields in SSM: adds c, d, changes b, removes a",
        ),
        (
            a_field("settings", "custom_fields", before={}, after=dict.fromkeys("abcdefg", "x")),
            "custom fields in SSM: adds a, b, c, d, e and 2 more",
        ),
        (a_field("state", before="closed", after="open"), "state closed → open"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_kind_of_difference_has_its_words(change: Change, words: str) -> None:
    assert what(change) == words


def test_a_row_names_some_attributes_and_counts_the_rest() -> None:
    fields = [FieldChange(path=("tags", f"Key{place}"), before="1", after="2") for place in range(30)]
    words = what(an_update("billing", *fields))

    assert words.count("tag Key") == 8
    assert words.endswith(" · 22 more")
    assert len(differences(an_update("billing", *fields))) == 30


def test_a_long_value_is_cut_in_a_row_and_whole_in_full() -> None:
    change = a_field("tags", "Purpose", before="x" * 200, after="y" * 200)

    assert "x" * 99 + "… → " + "y" * 99 + "…" in what(change)
    assert differences(change)[0].after == "y" * 200


def test_an_account_is_named_by_key_and_id_and_by_its_name_where_that_is_another() -> None:
    assert plain(who(a_move("search-dev"))) == "search-dev 222233334444"
    assert (
        plain(who(CloseAccount(key="old", account_id="222233334444", name="Old one"))) == "old (Old one) 222233334444"
    )
    assert plain(who(CREATION)) == "payments-prod"


def test_an_update_that_begins_the_ownership_is_an_adoption() -> None:
    assert kind(a_field("ownership", before=None, after=OURS)) == "adopt"
    assert kind(a_field("ownership", before={**OURS, "request": "bill"}, after=OURS)) == "update"


def test_the_same_difference_of_two_accounts_is_the_same_effect() -> None:
    assert same_effect(an_update("one")) == same_effect(an_update("two"))
    assert same_effect(a_move("one")) == same_effect(a_move("two"))


def test_values_that_only_look_alike_are_not_the_same_effect() -> None:
    """Rows cut long values; folding must not."""
    one = a_field("tags", "Purpose", before=None, after="x" * 200 + "1")
    other = a_field("tags", "Purpose", before=None, after="x" * 200 + "2")

    assert what(one) == what(other)
    assert same_effect(one) != same_effect(other)


def test_adoptions_are_the_same_effect_although_each_has_its_own_key() -> None:
    one = a_field("ownership", before=None, after=OURS)
    other = a_field("ownership", before=None, after={**OURS, "request": "payments"})

    assert same_effect(one) == same_effect(other)


def test_closures_are_never_the_same_effect() -> None:
    one, other = (CloseAccount(key="old", account_id=each, name="Old") for each in ("1" * 12, "2" * 12))

    assert same_effect(one) != same_effect(other)


def test_a_regional_setting_is_shown_region_by_region() -> None:
    change = a_field("settings", "default_vpcs", before={"us-east-1": "vpc-2", "eu-west-1": "vpc-1"}, after="delete")
    assert [(plain(each.label), each.before, each.after) for each in differences(change)] == [
        ("default VPC in eu-west-1", "vpc-1", "delete"),
        ("default VPC in us-east-1", "vpc-2", "delete"),
    ]


def test_the_default_vpcs_of_two_accounts_are_the_same_difference() -> None:
    one, other = (a_field("settings", "default_vpcs", before={"eu-west-1": vpc}, after="delete") for vpc in "ab")
    elsewhere = a_field("settings", "default_vpcs", before={"us-east-1": "a"}, after="delete")
    assert same_effect(one) == same_effect(other) != same_effect(elsewhere)


def test_a_creation_counts_regions_and_settings_and_shows_each() -> None:
    spec = a_spec("web", regions=("eu-south-2",), settings={"alias": "example-web", "default_vpcs": "keep"})
    change = CreateAccount(key="web", repository="requests", spec=spec)
    assert what(change).endswith("1 opt-in Region, 1 setting")
    assert [(plain(each.label), each.after) for each in differences(change)][-2:] == [
        ("Region eu-south-2", "enabled"),
        ("alias", "example-web"),
    ]
