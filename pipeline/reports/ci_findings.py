"""Findings in the forms that CI systems read: JUnit, and GitLab's Code Quality."""

import json
from collections.abc import Iterable
from hashlib import sha256
from xml.etree import ElementTree as ET

from pipeline.model.finding import Finding, Severity
from pipeline.reports.escaping import visible
from pipeline.reports.findings import sentence


def as_junit(findings: Iterable[Finding]) -> str:
    """A suite with a case for each finding; a warning is a case that passes, and says so. Without findings, one case passes.

    https://github.com/testmoapp/junitxml
    """
    ordered = sorted(findings)
    errors = sum(finding.severity is Severity.ERROR for finding in ordered)
    suite = ET.Element(
        "testsuite", name="vend validate", tests=str(len(ordered) or 1), failures=str(errors), errors="0"
    )
    for finding in ordered:
        place = str(finding.location)
        named = {"classname": visible(finding.location.file), "name": f"{finding.rule} {visible(place)}"}
        case = ET.SubElement(suite, "testcase", {**named, "file": visible(finding.location.file)})
        said = visible(f"{place}: {sentence(finding)}")
        if finding.severity is Severity.ERROR:
            ET.SubElement(case, "failure", message=said, type=finding.rule).text = said
        else:
            ET.SubElement(case, "system-out").text = f"warning: {said}"
    if not ordered:
        ET.SubElement(suite, "testcase", classname="account-requests", name="no findings")
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def as_code_quality(findings: Iterable[Finding]) -> str:
    """GitLab's list of issues; the fingerprint is that of rule, file, attribute and message, so lines may move.

    https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
    """
    seen: dict[str, int] = {}
    issues = []
    for finding in sorted(findings):
        facts = json.dumps([finding.rule, finding.location.file, finding.attribute, finding.message])
        seen[facts] = seen.get(facts, 0) + 1
        issues.append(
            {
                "description": visible(sentence(finding)),
                "check_name": finding.rule,
                "fingerprint": sha256(f"{facts}{seen[facts]}".encode()).hexdigest(),
                "severity": "major" if finding.severity is Severity.ERROR else "minor",
                "location": {"path": finding.location.file, "lines": {"begin": max(finding.location.line, 1)}},
            }
        )
    return json.dumps(issues, indent=2) + "\n"
