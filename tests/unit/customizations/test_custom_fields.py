"""Custom fields for AFT's customizations: which parameters they become, and which of them AWS would refuse."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.customizations.custom_fields import check_custom_fields, with_custom_fields
from pipeline.model.account import WantedState
from pipeline.model.account_settings import Setting, wanted_settings
from pipeline.model.json import Json
from pipeline.model.request import DesiredState
from tests.builders import a_request

JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda each: st.lists(each, max_size=3))


def parameters(fields: dict[str, Json]) -> Json:
    (request,) = with_custom_fields(DesiredState(requests=(a_request("web", custom_fields=fields),))).requests
    return wanted_settings(request.spec)[Setting.CUSTOM_FIELDS]


def problems(fields: dict[str, Json]) -> list[str]:
    return [each.message for each in check_custom_fields([a_request("web", custom_fields=fields)])]


def test_strings_stay_as_they_are_and_everything_else_becomes_json() -> None:
    fields: dict[str, Json] = {
        "team": "Zahlungen ü",
        "tier": 1,
        "live": True,
        "zones": ["a", "b"],
        "net": {"b": 1, "a": None},
    }
    assert parameters(fields) == {
        "team": "Zahlungen ü",
        "tier": "1",
        "live": "true",
        "zones": '["a","b"]',
        "net": '{"a":null,"b":1}',
    }


def test_an_account_without_custom_fields_is_asked_to_have_none() -> None:
    """What somebody left there goes; in AFT it does, too."""
    assert parameters({}) == {}


def test_other_settings_of_the_request_stay_and_its_custom_fields_keep_their_types() -> None:
    request = a_request("web", custom_fields={"tier": 1}, settings={"alias": "example-a"})
    (found,) = with_custom_fields(DesiredState(requests=(request,))).requests
    assert wanted_settings(found.spec)[Setting.ALIAS] == "example-a"
    assert found.spec.custom_fields == {"tier": 1}


def test_nothing_is_asked_of_an_account_that_is_to_be_closed() -> None:
    request = a_request("web", custom_fields={"tier": 1}, state=WantedState.CLOSED)
    assert with_custom_fields(DesiredState(requests=(request,))).requests == (request,)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"team": ""}, "its value is empty"),
        ({"my team": "a"}, "its name has other characters than"),
        ({"a//b": "a"}, "its name has other characters than"),
        ({"a" * 1000: "a"}, "its name is too long"),
        ({"/".join("abcdefghijklmn"): "a"}, "more than 15 levels"),
        ({"a": "ü" * 2049}, "longer than 4,096 bytes"),
        ({"a": "x {{ssm:b}}"}, "the name of another parameter"),
    ],
)
def test_what_ssm_refuses_is_a_finding(fields: dict[str, Json], words: str) -> None:
    (message,) = problems(fields)
    assert words in message


@given(st.dictionaries(st.text(max_size=20), JSON, max_size=4))
def test_what_has_no_finding_fits_ssm(fields: dict[str, Json]) -> None:
    """https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html"""
    if problems(fields):
        return
    found = parameters(fields)
    assert isinstance(found, dict)
    for name, value in found.items():
        assert re.fullmatch(r"[A-Za-z0-9_.\-/]+", name)
        assert isinstance(value, str)
        assert 0 < len(value.encode()) <= 4096
