"""Findings in four formats."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model.finding import Finding, Location, Severity
from pipeline.reports.findings import as_github, as_json, as_sarif, as_text, totals
from tests.unit.reports import plans

UNDECLARED = Finding(
    location=Location("account-requests/workloads/payments-prod.yaml", 4, 22),
    rule="unit-declared",
    message='organizational unit "Workloads/Prd" is not declared',
    hint='did you mean "Workloads/Prod"?',
    attribute="organizational_unit",
)
EXPIRED = Finding(
    location=Location("account-requests/a.yaml", 9, 1),
    rule="expired",
    message="the account expired on 2026-01-01",
    severity=Severity.WARNING,
)


def test_text_is_one_line_per_finding_sorted_by_place() -> None:
    assert as_text([UNDECLARED, EXPIRED]) == (
        "account-requests/a.yaml:9:1: warning: the account expired on 2026-01-01\n"
        'account-requests/workloads/payments-prod.yaml:4:22: organizational unit "Workloads/Prd" is not declared; '
        'did you mean "Workloads/Prod"?\n'
    )


def test_no_findings_are_no_text() -> None:
    assert as_text([]) == as_github([]) == ""


def test_totals_count_by_severity() -> None:
    assert totals([UNDECLARED, EXPIRED, UNDECLARED]) == "2 errors, 1 warning"
    assert totals([]) == "no findings"


def test_json_has_every_part_of_a_finding() -> None:
    document = json.loads(as_json([EXPIRED, UNDECLARED]))

    assert (document["errors"], document["warnings"]) == (1, 1)
    assert document["findings"][1] == {
        "severity": "error",
        "rule": "unit-declared",
        "file": "account-requests/workloads/payments-prod.yaml",
        "line": 4,
        "column": 22,
        "attribute": "organizational_unit",
        "message": 'organizational unit "Workloads/Prd" is not declared',
        "hint": 'did you mean "Workloads/Prod"?',
    }


def test_an_annotation_names_file_line_column_and_rule() -> None:
    assert as_github([EXPIRED]) == (
        "::warning file=account-requests/a.yaml,line=9,col=1,title=expired::the account expired on 2026-01-01\n"
    )


def test_an_annotation_escapes_what_the_runner_would_read() -> None:
    """Percent, line ends, and in properties colon and comma: as the runner undoes them."""
    finding = Finding(location=Location("a,b:c%.yaml", 1, 1), rule="r", message="100%\r\n::error::forged")

    assert as_github([finding]) == (
        "::error file=a%2Cb%3Ac%25.yaml,line=1,col=1,title=r::100%25%0D%0A::error::forged\n"
    )


@settings(deadline=None, max_examples=50)
@given(st.lists(plans.findings, max_size=4))
def test_every_format_has_every_finding_in_one_order(found: list[Finding]) -> None:
    rules = [finding.rule for finding in sorted(found)]

    assert [each["rule"] for each in json.loads(as_json(found))["findings"]] == rules
    assert [each["ruleId"] for each in json.loads(as_sarif(found))["runs"][0]["results"]] == rules
    assert as_text(found) == as_text(reversed(found))


@settings(deadline=None, max_examples=50)
@given(st.lists(plans.findings, max_size=4))
def test_sarif_has_the_structure_of_version_2_1_0(found: list[Finding]) -> None:
    text = as_sarif(found)
    log = json.loads(text)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]

    assert text.isascii()
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    assert run["columnKind"] == "unicodeCodePoints"
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert_result(result)


def assert_result(result: dict[str, Any]) -> None:
    """The parts that SARIF requires (3.27, 3.28, 3.30), with their types and ranges."""
    (location,) = result["locations"]
    place = location["physicalLocation"]

    assert result["level"] in {"error", "warning"}
    assert isinstance(result["message"]["text"], str)
    assert place["artifactLocation"]["uri"].isascii()
    assert not set(place["artifactLocation"]["uri"]) & set(' <>"\\^`{|}#?')
    assert place["region"]["startLine"] >= 1
    assert place["region"]["startColumn"] >= 1


def test_sarif_gives_place_message_and_level() -> None:
    (result,) = json.loads(as_sarif([EXPIRED]))["runs"][0]["results"]

    assert result == {
        "ruleId": "expired",
        "ruleIndex": 0,
        "level": "warning",
        "message": {"text": "the account expired on 2026-01-01"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "account-requests/a.yaml", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 9, "startColumn": 1},
                }
            }
        ],
    }
