"""Custom fields as AFT's customizations look for them: SSM parameters in the account. Pure; it says which, and AWS's limits.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from pipeline.model.account import Unobserved, WantedState
from pipeline.model.account_settings import CUSTOM_FIELDS_PATH, Setting
from pipeline.model.finding import Finding
from pipeline.model.json import Json, canonical
from pipeline.model.request import AccountRequest, DesiredState

_BYTES: Final = 4096
"""Of a value: more is for advanced parameters, which cost money."""
_LENGTH: Final = 1011
"""Characters of a name, what AWS puts before it included: arn:aws:ssm:REGION:ACCOUNT:parameter takes up to 60 of them."""
_ARN: Final = 60
_LEVELS: Final = 15
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*", re.ASCII)


def parameter_text(value: Json) -> str:
    """The value of a parameter: a string as it is, anything else as JSON."""
    return value if isinstance(value, str) else canonical(value)


def with_custom_fields(desired: DesiredState) -> DesiredState:
    """The requests with their custom fields as a setting of the account: all that are there, and no others."""
    return replace(desired, requests=tuple(_with_setting(each) for each in desired.requests))


def check_custom_fields(requests: Iterable[AccountRequest]) -> tuple[Finding, ...]:
    """Custom fields that cannot be parameters, sorted."""
    return tuple(sorted(finding for request in requests for finding in _unfit(request)))


def _with_setting(request: AccountRequest) -> AccountRequest:
    if request.spec.state is WantedState.CLOSED:
        return request
    named = {} if isinstance(request.spec.settings, Unobserved) else request.spec.settings
    fields = {name: parameter_text(value) for name, value in sorted(request.spec.custom_fields.items())}
    settings = {**named, Setting.CUSTOM_FIELDS.value: fields}
    return replace(request, spec=replace(request.spec, settings=settings))


def _unfit(request: AccountRequest) -> Iterator[Finding]:
    for name, value in request.spec.custom_fields.items():
        for message, hint in (*_name_problems(name), *_value_problems(parameter_text(value))):
            yield Finding(
                location=request.origin("custom_fields", name),
                rule="custom-field-parameter",
                message=f'the custom field "{name}" cannot be an SSM parameter: {message}',
                hint=hint,
                attribute=f"custom_fields.{name}",
            )


def _name_problems(name: str) -> Iterator[tuple[str, str]]:
    if _NAME.fullmatch(name) is None:
        yield "its name has other characters than letters, digits and _ . - /", "give it another name"
    path = f"{CUSTOM_FIELDS_PATH}{name}"
    if len(path) + _ARN > _LENGTH or path.count("/") > _LEVELS:
        yield f"its name is too long, or has more than {_LEVELS} levels", "give it a shorter name"


def _value_problems(text: str) -> Iterator[tuple[str, str]]:
    if not text:
        yield "its value is empty", "write a value, or remove the field"
    if len(text.encode("utf-8", "surrogatepass")) > _BYTES:
        yield f"its value is longer than {_BYTES:,} bytes", "shorten it, or hand it to the customization as an input"
    if "{{" in text and "}}" in text:
        yield (
            'its value has "{{" and "}}", which SSM takes for the name of another parameter',
            "write it in another way",
        )
