"""What `vend doctor` has found, as text and as JSON."""

import json
from collections import Counter
from collections.abc import Iterable

from pipeline.model.prerequisite import Prerequisite, Presence
from pipeline.reports.escaping import visible

_WIDTH = max(len(presence) for presence in Presence)


def as_text(found: Iterable[Prerequisite]) -> str:
    """One line for each, its repair below it, and the totals."""
    rows = tuple(found)
    lines = [line for row in rows for line in _lines(row)]
    counts = Counter(row.presence for row in rows)
    totals = ", ".join(f"{counts[presence]} {presence}" for presence in Presence if counts[presence])
    return "\n".join([*lines, "", f"vend doctor: {totals}"]) + "\n"


def as_json(found: Iterable[Prerequisite]) -> str:
    rows = [
        {"name": row.name, "presence": row.presence.value, "detail": row.detail, "remedy": row.remedy} for row in found
    ]
    return json.dumps({"prerequisites": rows}, indent=2, ensure_ascii=True) + "\n"


def _lines(row: Prerequisite) -> Iterable[str]:
    detail = f": {visible(row.detail)}" if row.detail else ""
    yield f"{row.presence.value:<{_WIDTH}}  {visible(row.name)}{detail}"
    if row.remedy:
        yield f"{'':<{_WIDTH}}  → {visible(row.remedy)}"
