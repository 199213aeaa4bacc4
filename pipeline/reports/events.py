"""Lifecycle events, in one line of text."""

from pipeline.reports.escaping import clip, visible

_LIMIT = 200


def as_text(
    *,
    name: str,
    has_succeeded: bool | None,
    account_id: str | None,
    account_name: str | None,
    unit: str | None,
    message: str,
) -> str:
    """What has happened to whom. Names and messages come from outside, and are made harmless."""
    ending = {True: "succeeded", False: "failed", None: "is going on"}[has_succeeded]
    parts = [f"{name} {ending}"]
    if account_id is not None or account_name is not None:
        named = f' "{_shown(account_name)}"' if account_name else ""
        parts.append(f"account{named}{f' {account_id}' if account_id else ', which has no id'}")
    if unit is not None:
        parts.append(f'unit "{_shown(unit)}"')
    if message and has_succeeded is not True:
        parts.append(_shown(message))
    return "; ".join(parts)


def _shown(text: str) -> str:
    return visible(clip(text, _LIMIT))
