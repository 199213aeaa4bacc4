"""Requests as text: the YAML that adopts an account as it is."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from pipeline.account_requests.schema import Kind, check
from pipeline.account_requests.yaml import read
from pipeline.model.finding import Finding
from pipeline.model.observed import ObservedAccount

_LONGEST_KEY: Final = 100
_ESCAPED: Final = {'"': '\\"', "\\": "\\\\"}
_LITERAL: Final = re.compile(r"[A-Za-z0-9 !$%&'()*+,\-./:;=?@_|~]")
"""Characters that stand for themselves between double quotes; "#" may begin a command to a CI system."""


def adopting_request(account: ObservedAccount) -> str:
    """YAML that binds a request to the account and changes nothing of it: name, address, unit and tags as they are."""
    return "".join(f"{line}\n" for line in _lines(account))


def misfits(text: str, file: str) -> tuple[Finding, ...]:
    """What of such a text our schema does not take: AWS allows names and addresses that a request may not have."""
    document = read(text.encode("utf-8"), file)
    return document if isinstance(document, tuple) else check(Kind.REQUEST, document)


def key_for(name: str, account_id: str, taken: Collection[str]) -> str:
    """A key for the account of that name, that no request has."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    wanted = "-".join(words)[:_LONGEST_KEY].strip("-")
    if not wanted or wanted in taken:
        wanted = f"{wanted}-{account_id}".lstrip("-")
    return wanted


def quoted(text: str) -> str:
    """The text as a YAML scalar on one line; whatever it holds, it is read as that text and nothing else."""
    return f'"{"".join(map(_character, text))}"'


def _lines(account: ObservedAccount) -> Iterator[str]:
    spec = account.spec
    yield f"name: {quoted(spec.name)}"
    yield f"email: {quoted(spec.email)}"
    yield f"account_id: {quoted(account.account_id)}"
    yield f"organizational_unit: {quoted(spec.organizational_unit)}"
    if isinstance(spec.tags, Mapping) and spec.tags:
        yield "tags:"
        yield from (f"  {quoted(key)}: {quoted(value)}" for key, value in sorted(spec.tags.items()))


def _character(character: str) -> str:
    if _LITERAL.fullmatch(character):
        return character
    if character in _ESCAPED:
        return _ESCAPED[character]
    number = ord(character)
    if number <= 0xFF:  # noqa: PLR2004 - what two hexadecimal digits can say
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004 - as above, four digits
