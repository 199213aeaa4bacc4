"""A drift report as JSON (schemas/drift.schema.json): the artifact that the next report compares itself with."""

import json
from typing import Any, Final

from pipeline.model.drift_report import DriftItem, DriftReport, Edit, ListEdit
from pipeline.model.json import Json

FORMAT: Final = "account-vending/drift"
VERSION: Final = 1


def as_json(report: DriftReport) -> str:
    """The report as text; byte-identical for equal reports, ASCII only."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "repository": report.repository,
        "read_at": report.read_at,
        "plan": report.plan,
        "managed": report.managed,
        "drift": len(report.drift),
        "items": [_item(each) for each in report.items],
        "findings": [
            {
                "severity": each.severity.value,
                "rule": each.rule,
                "location": str(each.location),
                "message": each.message,
                "hint": each.hint,
            }
            for each in report.findings
        ],
        "notes": list(report.notes),
    }
    return json.dumps(document, indent=2) + "\n"


def _item(item: DriftItem) -> dict[str, Any]:
    author = item.author
    ways = item.ways_out
    return {
        "id": item.id,
        "section": item.section.value,
        "kind": item.kind,
        "subject": item.subject,
        "name": item.name,
        "account_id": item.account_id,
        "path": list(item.path),
        "wanted": item.wanted,
        "found": item.found,
        "change": item.change,
        "guard": item.guard,
        "reason": item.reason,
        "since": item.since,
        "author": None
        if author is None
        else {
            "who": author.who,
            "from_where": author.from_where,
            "event": author.event,
            "at": author.at,
            "event_id": author.event_id,
        },
        "author_words": item.author_words,
        "accept": {"file": ways.file, "edits": [_edit(each) for each in ways.accept], "words": ways.accept_words},
        "repair": {"by": ways.repair.value, "words": ways.repair_words},
    }


def _edit(edit: Edit) -> dict[str, Json]:
    if isinstance(edit.value, ListEdit):
        return {"path": list(edit.path), "remove": list(edit.value.removed), "add": list(edit.value.added)}
    return {"path": list(edit.path), "value": edit.value}
