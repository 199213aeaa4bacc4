"""Findings as text, JSON, GitHub annotations and SARIF: the same findings, in the same order, in every format."""

import json
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from pipeline import __version__
from pipeline.model.finding import Finding, Severity
from pipeline.reports.escaping import visible
from pipeline.reports.phrases import counted

_SARIF_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_text(findings: Iterable[Finding]) -> str:
    """One line per finding: `file:line:column: message; hint`. Warnings say so."""
    return "".join(f"{line_of(finding)}\n" for finding in sorted(findings))


def line_of(finding: Finding) -> str:
    """The finding in one line, for a terminal."""
    warning = "warning: " if finding.severity is Severity.WARNING else ""
    return f"{visible(str(finding.location))}: {warning}{visible(sentence(finding))}"


def sentence(finding: Finding) -> str:
    """What is true; what to do. Not escaped."""
    return f"{finding.message}; {finding.hint}" if finding.hint else finding.message


def totals(findings: Iterable[Finding]) -> str:
    """`2 errors, 1 warning`; `no findings`."""
    severities = [finding.severity for finding in findings]
    counts = [
        counted(number, severity.value)
        for severity in (Severity.ERROR, Severity.WARNING)
        if (number := severities.count(severity))
    ]
    return ", ".join(counts) or "no findings"


def as_json(findings: Iterable[Finding]) -> str:
    """An object with the number of `errors` and `warnings` and the list of `findings`; ASCII only."""
    ordered = sorted(findings)
    document = {
        "errors": sum(finding.severity is Severity.ERROR for finding in ordered),
        "warnings": sum(finding.severity is Severity.WARNING for finding in ordered),
        "findings": [
            {
                "severity": finding.severity.value,
                "rule": finding.rule,
                "file": finding.location.file,
                "line": finding.location.line,
                "column": finding.location.column,
                "attribute": finding.attribute,
                "message": finding.message,
                "hint": finding.hint,
            }
            for finding in ordered
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def as_github(findings: Iterable[Finding]) -> str:
    """One workflow command per finding, which GitHub shows beside the line.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
    GitHub keeps ten annotations of each severity per step; the log has all of them.
    """
    return "".join(f"{_annotation(finding)}\n" for finding in sorted(findings))


def as_sarif(findings: Iterable[Finding]) -> str:
    """A SARIF 2.1.0 log with one run: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html."""
    ordered = sorted(findings)
    rules = sorted({finding.rule for finding in ordered})
    places = {rule: place for place, rule in enumerate(rules)}
    driver = {"name": "vend", "semanticVersion": __version__, "rules": [_sarif_rule(rule) for rule in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(finding, places[finding.rule]) for finding in ordered],
    }
    return json.dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _annotation(finding: Finding) -> str:
    location = finding.location
    properties = {
        "file": location.file,
        "line": str(location.line),
        "col": str(location.column),
        "title": finding.rule,
    }
    written = ",".join(f"{name}={_property(text)}" for name, text in properties.items())
    return f"::{finding.severity.value} {written}::{_data(sentence(finding))}"


def _data(text: str) -> str:
    # The runner's own order: the percent sign first, so that nothing is escaped twice.
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return visible(escaped)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _sarif_rule(rule: str) -> dict[str, object]:
    return {
        "id": rule,
        "shortDescription": {"text": rule.replace("-", " ")},
        "fullDescription": {"text": f'The rule "{rule}" of vend for account requests.'},
        "help": {"text": 'Each result says what is true and what to do; "vend validate" shows the same.'},
    }


def _sarif_result(finding: Finding, rule_index: int) -> dict[str, object]:
    location = finding.location
    place = {
        "artifactLocation": {
            "uri": quote(location.file.encode("utf-8", "surrogateescape"), safe="/"),
            "uriBaseId": "%SRCROOT%",
        },
        "region": {"startLine": max(location.line, 1), "startColumn": max(location.column, 1)},
    }
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": finding.severity.value,
        "message": {"text": sentence(finding)},
        "locations": [{"physicalLocation": place}],
    }
