"""The input `account`."""

from pipeline.customizations.given import account_input
from tests.builders import a_request


def test_custom_fields_keep_their_types_and_everything_is_always_there() -> None:
    fields = {"tier": 1, "zones": ["a"], "live": True}
    assert account_input(a_request("web", custom_fields=fields, tags={"a": "b"}, owner="x@example.com"), "1" * 12) == {
        "id": "111111111111",
        "name": "web",
        "email": "aws+web@example.com",
        "organizational_unit": "Workloads",
        "owner": "x@example.com",
        "tags": {"a": "b"},
        "custom_fields": fields,
    }
    bare = account_input(a_request("web"), "1" * 12)
    assert (bare["owner"], bare["tags"], bare["custom_fields"]) == (None, {}, {})
