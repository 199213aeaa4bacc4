"""What a schema cannot say of one request: units, tags, domains, dates, and what has to be there after inheritance."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from pipeline.account_requests.candidate import Candidate
from pipeline.account_requests.suggestions import did_you_mean
from pipeline.model.access import tags_for_marks
from pipeline.model.account import OWNERSHIP_PREFIX, ROOT, ContactType
from pipeline.model.finding import Finding, Severity
from pipeline.model.request import Path

MAX_TAGS: Final = 47
"""AWS allows 50 tags on an account, and three are ours, and one more for each 23 assignments in `access`.

https://docs.aws.amazon.com/tag-editor/latest/userguide/reference.html
"""

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")
_CONTACT: Final = ("name", "title", "email", "phone")
_SSO_USER: Final = ("email", "first_name", "last_name")
_CONTACT_INFORMATION: Final = ("full_name", "address_line_1", "city", "postal_code", "country_code", "phone_number")
_WITH_STATES: Final = frozenset({"US", "CA", "GB", "DE", "JP", "IN", "BR"})
"""What AWS asks for, and where it asks for a state: https://docs.aws.amazon.com/accounts/latest/reference/API_ContactInformation.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What this organization wants of requests.

    `email_domains`: the domains that account addresses may have; empty for any. `required_tags`: tag keys with a regular
    expression that the whole value matches. `today` decides what has expired.
    """

    email_domains: tuple[str, ...] = ()
    required_tags: Mapping[str, str] = field(default_factory=dict)
    today: date


def check_request(candidate: Candidate, rules: Rules, units: Collection[str] | None) -> Iterator[Finding]:
    """What is wrong with one request by itself. `units` are the declared paths, or None where they are not known."""
    yield from _key(candidate)
    yield from _unit(candidate, units)
    yield from _domain(candidate, rules.email_domains)
    yield from _tags(candidate, rules.required_tags)
    yield from _people(candidate)
    yield from _end(candidate, rules.today)


def _key(candidate: Candidate) -> Iterator[Finding]:
    if not _KEY.fullmatch(candidate.key):
        message = f'the file name "{candidate.key}" cannot be the key of a request'
        hint = 'take lower-case letters, digits, "-", "." and "_", at most 128, with a letter or digit first'
        yield candidate.finding((), "key", message, hint)


def _unit(candidate: Candidate, units: Collection[str] | None) -> Iterator[Finding]:
    path = ("organizational_unit",)
    unit = candidate.text(*path)
    if unit is None:
        if candidate.is_whole and "organizational_unit" not in candidate.document:
            hint = "add it here or in a _defaults.yaml, like organizational_unit: Workloads/Prod"
            yield candidate.finding(path, "missing", '"organizational_unit" is missing', hint)
    elif units is not None and unit not in units and unit != ROOT:
        hint = did_you_mean(unit, units, "declare it in account-requests/_organization.yaml")
        yield candidate.finding(path, "unit", f'organizational unit "{unit}" is not declared', hint)


def _domain(candidate: Candidate, domains: tuple[str, ...]) -> Iterator[Finding]:
    email = candidate.text("email")
    if email is None or not domains:
        return
    if email.rpartition("@")[2].casefold() not in {domain.casefold() for domain in domains}:
        allowed = ", ".join(f'"{domain}"' for domain in domains)
        message = f'e-mail "{email}" is not of an allowed domain'
        yield candidate.finding(
            ("email",), "email-domain", message, f"use one of {allowed}, or allow it in vending.yaml"
        )


def _tags(candidate: Candidate, required: Mapping[str, str]) -> Iterator[Finding]:
    tags = candidate.mapping("tags")
    if tags is None:
        return
    access = candidate.document.get("access")
    allowed = MAX_TAGS - tags_for_marks(len(access) if isinstance(access, list) else 0)
    if len(tags) > allowed:
        message = f"there are {len(tags)} tags; AWS allows 50, and {50 - allowed} are ours"
        yield candidate.finding(("tags",), "tag-count", message, f"keep at most {max(0, allowed)}")
    for key, value in tags.items():
        yield from _tag(candidate, key, value if isinstance(value, str) else "")
    for key, pattern in required.items():
        yield from _required_tag(candidate, tags.get(key), key, pattern)


def _tag(candidate: Candidate, key: str, value: str) -> Iterator[Finding]:
    path = ("tags", key)
    if key.casefold().startswith(("aws:", OWNERSHIP_PREFIX)):
        message = f'tag keys that begin with "{key.partition(":")[0]}:" are reserved'
        yield candidate.finding(path, "tag-reserved", message, "remove it")
    for text, what in ((key, "key"), (value, "value")):
        if wrong := next((each for each in text if not _is_tag_character(each)), None):
            message = f'the {what} of tag "{key}" holds "{wrong}" (U+{ord(wrong):04X}), which AWS does not take'
            yield candidate.finding(path, "tag-character", message, 'write letters, digits, spaces and "_.:/=+-@"')


def _is_tag_character(character: str) -> bool:
    r"""Whether AWS takes it: `[\p{L}\p{Z}\p{N}_.:/=+\-@]`. What is wrong in ASCII the schema has found already.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_Tag.html
    """
    return character.isascii() or unicodedata.category(character)[0] in "LZN"


def _required_tag(candidate: Candidate, value: object, key: str, pattern: str) -> Iterator[Finding]:
    path = ("tags", key)
    if value is None:
        if candidate.is_whole:
            hint = f'add it under tags, with a value that matches "{pattern}"'
            yield candidate.finding(path, "tag-required", f'tag "{key}" is missing', hint)
    elif isinstance(value, str) and not re.fullmatch(pattern, value):
        message = f'tag "{key}" is "{value}", which does not match "{pattern}"'
        yield candidate.finding(path, "tag-value", message, "write a value that vending.yaml allows")


def _people(candidate: Candidate) -> Iterator[Finding]:
    """Contacts and the SSO user are whole after inheritance."""
    if not candidate.is_whole:
        return
    contacts = candidate.mapping("contacts") or {}
    for kind in (kind.value for kind in ContactType):
        if kind in contacts:
            yield from _parts(candidate, ("contacts", kind), contacts[kind], _CONTACT)
    if "sso_user" in candidate.document:
        yield from _parts(candidate, ("sso_user",), candidate.document["sso_user"], _SSO_USER)
    if "contact_information" in candidate.document:
        information = candidate.document["contact_information"]
        yield from _parts(candidate, ("contact_information",), information, _required_information(information))
    yield from _principals(candidate)


def _required_information(information: object) -> tuple[str, ...]:
    country = information.get("country_code") if isinstance(information, Mapping) else None
    return (*_CONTACT_INFORMATION, *(("state_or_region",) if country in _WITH_STATES else ()))


def _principals(candidate: Candidate) -> Iterator[Finding]:
    """Each assignment names a group or a user."""
    access = candidate.document.get("access")
    for number, each in enumerate(access if isinstance(access, list) else ()):
        if isinstance(each, Mapping) and ("group" in each) == ("user" in each):
            told = "both a group and a user" if "group" in each else "neither a group nor a user"
            path = ("access", str(number))
            message = f"access.{number} names {told}"
            yield candidate.finding(path, "access-principal", message, "name one of the two")


def _parts(candidate: Candidate, path: Path, value: object, names: tuple[str, ...]) -> Iterator[Finding]:
    if not isinstance(value, Mapping):
        return
    where = ".".join(path)
    for name in names:
        if name not in value:
            message = f'"{name}" is missing in {where}'
            yield candidate.finding((*path, name), "missing", message, f"add it, or remove {where}")


def _end(candidate: Candidate, today: date) -> Iterator[Finding]:
    is_closed = candidate.text("state") == "closed"
    if is_closed and candidate.document.get("protected") is True:
        message = f'state is "closed", and the account is protected at {candidate.place("protected")}'
        yield candidate.finding(("state",), "closed-protected", message, "remove one of the two")
    expires = candidate.text("expires")
    if expires is None:
        return
    try:
        day = date.fromisoformat(expires)
    except ValueError:
        yield candidate.finding(("expires",), "date", f'there is no day "{expires}"', "write a date like 2027-03-31")
        return
    if day < today and not is_closed:
        hint = "close the account with state: closed, or write a later date"
        message = f"the account has expired on {expires}"
        yield candidate.finding(("expires",), "expired", message, hint, severity=Severity.WARNING)
