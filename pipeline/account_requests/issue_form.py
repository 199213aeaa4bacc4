"""Requests by people who do not write YAML: the form of an issue, and what its body says.

GitHub renders a filled-in form as Markdown: `### LABEL`, an empty line, the value, an empty line, field after field. Whoever
wrote the issue may have written anything into it, and may edit it later; so the body is taken only if it is exactly what the
form makes.
https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from pipeline.account_requests.writing import quoted
from pipeline.model.finding import Finding, Location

LABEL: Final = "account-request"
"""The label of such issues."""

MAX_BODY: Final = 65_536
"""Characters of an issue's body, at most: GitHub takes no more."""

_FIELDS: Final = ("name", "email", "organizational_unit", "owner", "purpose", "tags")
_TAGS: Final = "tags"
_NOTHING: Final = "_No response_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks for: the fields that were filled in, and tags."""

    fields: Mapping[str, str]
    tags: Mapping[str, str]


def form() -> dict[str, Any]:
    """The form, from the schema of account requests."""
    schema = _schema()
    return {
        "name": "Account request",
        "description": "Ask for an AWS account; a pull request with its file is opened for you.",
        "title": "Account request",
        "labels": [LABEL],
        "body": [_intro(), *(_element(name, schema) for name in _FIELDS)],
    }


def read_body(body: str, source: str) -> Asked | tuple[Finding, ...]:
    """What the body of an issue asks for, or everything that is wrong with it; `source` is what findings are about."""
    schema = _schema()
    if len(body) > MAX_BODY:
        return (_finding(source, 1, f"the issue is longer than {MAX_BODY:,} characters", "fill in the form anew"),)
    labels = {_label(name, schema): name for name in _FIELDS}
    sections = _sections(body.replace("\r\n", "\n"), labels)
    if isinstance(sections, str):
        return (_finding(source, 1, sections, 'open a new issue with the form "Account request"'),)
    findings = [*_misshapen(sections, source)]
    tags = _tags(sections[_TAGS], source)
    if findings or isinstance(tags, tuple):
        return (*findings, *(tags if isinstance(tags, tuple) else ()))
    values = {name: text for name, (_, text) in sections.items() if name != _TAGS and text}
    return Asked(fields=values, tags=tags)


def as_request(asked: Asked) -> str:
    """The request as YAML; every value is quoted, and read as that text whatever it holds."""
    lines = ["# yaml-language-server: $schema=../schemas/account-request.schema.json"]
    lines += [f"{name}: {quoted(asked.fields[name])}" for name in _FIELDS if name in asked.fields]
    if asked.tags:
        lines.append("tags:")
        lines += [f"  {quoted(key)}: {quoted(value)}" for key, value in sorted(asked.tags.items())]
    return "".join(f"{line}\n" for line in lines)


def _sections(body: str, labels: Mapping[str, str]) -> dict[str, tuple[int, str]] | str:
    """Each field's line and text, or why the body is not what the form makes."""
    found: dict[str, tuple[int, list[str]]] = {}
    lines: list[str] | None = None
    for number, line in enumerate(body.split("\n"), start=1):
        name = labels.get(line.removeprefix("### ")) if line.startswith("### ") else None
        if name is not None:
            if name in found:
                return f'the heading "{line}" is there more than once'
            lines = []
            found[name] = (number, lines)
        elif lines is not None:
            lines.append(line)
        elif line.strip():
            return f'it does not begin with "### {next(iter(labels))}"'
    missing = [label for label, name in labels.items() if name not in found]
    if missing:
        return f'the heading "### {missing[0]}" is not there'
    if list(found) != list(labels.values()):
        return "the headings are not in the order of the form"
    return {name: (number, _answer(lines)) for name, (number, lines) in found.items()}


def _answer(lines: list[str]) -> str:
    text = "\n".join(lines).strip()
    return "" if text == _NOTHING else text


def _misshapen(sections: Mapping[str, tuple[int, str]], source: str) -> Iterator[Finding]:
    schema = _schema()
    for name, (number, text) in sections.items():
        if name != _TAGS and len(text.splitlines()) > 1:
            yield _finding(source, number, f'"{_label(name, schema)}" is more than one line', "write one line", name)
        if name in schema["required"] and not text:
            yield _finding(source, number, f'"{_label(name, schema)}" is not filled in', "fill it in", name)


def _tags(section: tuple[int, str], source: str) -> dict[str, str] | tuple[Finding, ...]:
    start, text = section
    found: dict[str, str] = {}
    findings = []
    for number, line in enumerate(text.splitlines(), start=start + 2):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not line.strip():
            continue
        if not key or not equals:
            findings.append(_finding(source, number, "this line is no tag", "write Key=Value, one on each line", _TAGS))
        elif key in found:
            findings.append(_finding(source, number, f'the tag "{key}" is there twice', "remove one", _TAGS))
        else:
            found[key] = value
    return tuple(findings) or found


def _finding(source: str, line: int, message: str, hint: str, attribute: str = "") -> Finding:
    return Finding(location=Location(source, line), rule="issue-form", message=message, hint=hint, attribute=attribute)


def _schema() -> dict[str, Any]:
    text = files("pipeline").joinpath("schemas", "account-request.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _label(name: str, schema: Mapping[str, Any]) -> str:
    return str(schema["properties"][name]["title"])


def _intro() -> dict[str, Any]:
    text = (
        "What you write here becomes a file in this repository, and a pull request that people review. Everybody who can "
        "read the repository can read it: no secrets. What you leave empty is as the defaults of the organization have it."
    )
    return {"type": "markdown", "attributes": {"value": text}}


def _element(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    field = schema["properties"][name]
    example = field["examples"][0]
    attributes = {"label": field["title"], "description": field["description"]}
    if name == _TAGS:
        attributes["description"] += " One on each line: Key=Value."
        attributes["placeholder"] = "\n".join(f"{key}={value}" for key, value in example.items())
    else:
        attributes["placeholder"] = str(example)
    return {
        "type": "textarea" if name == _TAGS else "input",
        "id": name,
        "attributes": attributes,
        "validations": {"required": name in schema["required"]},
    }
