"""Custom fields as SSM parameters of an account, in the home Region: what is there, and all of it made as wanted.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from pipeline.model.account_settings import CUSTOM_FIELDS_PATH
from pipeline.model.json import Json
from pipeline.provisioners.aws.members import Member

_TEXT: Final = "String"
_AT_ONCE: Final = 10
"""Names that DeleteParameters takes."""


def read_custom_fields(member: Member) -> Json:
    """The value of each field; of a parameter that is no plain text its type, so that no secret is read."""
    return {
        each["Name"].removeprefix(CUSTOM_FIELDS_PATH): each["Value"]
        if each["Type"] == _TEXT
        else {"type": each["Type"]}
        for each in sorted(_parameters(member), key=lambda each: str(each["Name"]))
    }


def write_custom_fields(member: Member, wanted: Json) -> None:
    """Put what differs, and remove the rest. A parameter of another type is removed first: AWS does not change the type.

    AWS lets forty of them be written in three seconds; the SDK waits where that is too fast.
    """
    fields = cast("Mapping[str, str]", wanted)
    there = cast("Mapping[str, Json]", read_custom_fields(member))
    gone = [name for name, value in there.items() if name not in fields or not isinstance(value, str)]
    for start in range(0, len(gone), _AT_ONCE):
        names = [f"{CUSTOM_FIELDS_PATH}{name}" for name in gone[start : start + _AT_ONCE]]
        member.ssm.delete_parameters(Names=names)
    for name, value in fields.items():
        if there.get(name) != value:
            member.ssm.put_parameter(Name=f"{CUSTOM_FIELDS_PATH}{name}", Value=value, Type=_TEXT, Overwrite=True)


def _parameters(member: Member) -> Iterator[Mapping[str, Any]]:
    pages = member.ssm.get_paginator("get_parameters_by_path")
    for page in pages.paginate(Path=CUSTOM_FIELDS_PATH, Recursive=True, WithDecryption=False):
        yield from page["Parameters"]
