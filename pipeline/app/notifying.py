"""Who hears of drift: one issue of the repository, pull requests that touch an account with drift, webhooks."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from pipeline.app.desire import Desire
from pipeline.errors import ServiceError
from pipeline.forges.protocol import Forge
from pipeline.forges.values import Posting
from pipeline.model.drift_report import DriftReport
from pipeline.model.finding import has_errors
from pipeline.reports import drift_markdown, drift_words
from pipeline.reports.escaping import visible
from pipeline.reports.markdown import marker
from pipeline.reports.phrases import plain
from pipeline.settings import Notification

LABEL: Final = "drift"
TIMEOUT: Final = 10.0
"""Seconds that a webhook may take; it is asked once."""

_SLACK_ITEMS: Final = 10
_OK: Final = range(200, 300)

Send = Callable[[str, bytes], int]
"""Posts JSON to an address and answers the HTTP status. Raises `OSError` or `HTTPException`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the report goes: a forge, the marker's root, a link to the whole report, and the order of this run."""

    forge: Forge
    root: str = ""
    link: str | None = None
    order: str = ""


def publish(report: DriftReport, desire: Desire, place: Place) -> tuple[str, ...]:
    """Have the issue and the comments say what the report says; what was done, a sentence each.

    Raises `ServiceError` if the issue cannot be written; a pull request that cannot be told is a sentence.
    """
    return (_issue(report, place), *_comments(report, desire, place))


def _issue(report: DriftReport, place: Place) -> str:
    mark = marker(drift_markdown.REPORT, place.root)
    if not report.drift and not has_errors(report.findings):
        closed = place.forge.close_issue(mark, drift_markdown.closing(report, root=place.root))
        return "the drift issue is closed" if closed else "there is no drift, and no issue of it"
    budget = place.forge.limits.comment
    body = drift_markdown.as_markdown(report, root=place.root, link=place.link, budget=budget)
    title = f"Drift: {drift_words.verdict(report)}"
    posted = place.forge.upsert_issue(mark, title, body, (LABEL,))
    return f"the drift issue is {posted.posting}: {posted.url}"


def _comments(report: DriftReport, desire: Desire, place: Place) -> Iterator[str]:
    """Comments on pull requests from forks, too: they tell no more than the issue does."""
    mark = marker(drift_markdown.ON_PULL_REQUEST, place.root)
    keys_of: dict[str, set[str]] = {}
    for request in desire.desired.requests:
        for where in request.origins.values():
            keys_of.setdefault(where.file, set()).add(request.key)
    for each in place.forge.open_pull_requests():
        try:
            touched = _touched(place.forge.changed_files(each.number), keys_of, place.root)
            body = drift_markdown.as_comment(
                report, touched, root=place.root, link=place.link, budget=place.forge.limits.comment
            )
            if not body:
                place.forge.delete_comment(each.number, mark)
                continue
            posted = place.forge.upsert_comment(each.number, mark, body, place.order)
        except ServiceError as error:
            yield f"pull request {each.number} cannot be told: {error}"
            continue
        if posted.posting is not Posting.UNCHANGED:
            yield f"pull request {each.number} touches accounts with drift: {posted.url}"


def _touched(changed: tuple[str, ...], keys_of: Mapping[str, set[str]], prefix: str) -> frozenset[str]:
    """The keys of requests in files that a pull request changes, or that inherit from one."""
    ours = (name.removeprefix(prefix) for name in changed if name.startswith(prefix))
    return frozenset(key for name in ours for key in keys_of.get(name, ()))


def notify(
    report: DriftReport,
    webhooks: tuple[Notification, ...],
    environment: Mapping[str, str],
    *,
    link: str | None = None,
    send: Send | None = None,
) -> tuple[str, ...]:
    """Tell the webhooks; warnings about those that could not be told. An address is a secret, and never in one of them."""
    warnings: list[str] = []
    for webhook in webhooks:
        problem = _tell(report, webhook, environment.get(webhook.url_from, ""), link, send or post)
        if problem:
            warnings.append(f"notifications: {webhook.url_from}: {problem}")
    return tuple(warnings)


def _tell(report: DriftReport, webhook: Notification, url: str, link: str | None, send: Send) -> str:
    if not url:
        return "the variable is not set, so nobody is told"
    if not _is_safe(url):
        return "its value is no https address, so nobody is told"
    body = _slack(report, link) if webhook.format == "slack" else _plain(report, link)
    try:
        status = send(url, json.dumps(body).encode())
    except (OSError, HTTPException) as error:
        return f"there is no answer ({type(error).__name__})"
    return "" if status in _OK else f"it answered {status}"


def _plain(report: DriftReport, link: str | None) -> dict[str, Any]:
    items = [
        {"id": item.id, "section": item.section.value, "subject": item.subject, "account_id": item.account_id}
        | {"path": list(item.path), "since": item.since}
        for item in report.drift
    ]
    return {
        "event": "drift" if items else "no-drift",
        "repository": report.repository,
        "read_at": report.read_at,
        "verdict": drift_words.verdict(report),
        "link": link,
        "items": items,
    }


def _slack(report: DriftReport, link: str | None) -> dict[str, Any]:
    """https://docs.slack.dev/messaging/formatting-message-text: three characters mean something, and are escaped."""
    lines = [f"{report.repository}: {drift_words.heading(report)}"]
    shown = report.drift[:_SLACK_ITEMS]
    lines += [f"• {plain(drift_words.who(item))}: {plain(drift_words.what(item))}" for item in shown]
    if len(report.drift) > len(shown):
        lines.append(f"… and {len(report.drift) - len(shown):,} more")
    text = "\n".join(_escaped(visible(line)) for line in lines)
    return {"text": f"{text}\n<{link}|The full report>" if link else text, "unfurl_links": False}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _is_safe(url: str) -> bool:
    """https, or http to this machine."""
    try:
        parts = urlsplit(url)
        if parts.scheme == "https":
            return bool(parts.hostname)
        return parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def post(url: str, body: bytes) -> int:
    """Post JSON, following no redirect: the address is a secret of this one host."""
    parts = urlsplit(url)
    make = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=TIMEOUT)
    try:
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        connection.request("POST", path, body, {"Content-Type": "application/json; charset=utf-8"})
        return connection.getresponse().status
    finally:
        connection.close()
