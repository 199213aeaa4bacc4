"""The comment on a merged pull request: that its changes are being applied, and at last what became of each account."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from pipeline.model.outcome import Outcome, Status
from pipeline.model.plan import Hold, Plan
from pipeline.reports import budget as room
from pipeline.reports import describe, field_words
from pipeline.reports.budget import Part
from pipeline.reports.escaping import clip, prose, value
from pipeline.reports.markdown import BUDGET, leads_to, left_out, marker
from pipeline.reports.phrases import counted, marked
from pipeline.reports.pull_request import ORDER_ROOM
from pipeline.reports.summary import TEXT_LIMIT

REPORT: Final = "apply"
_SIGNS: Final = {Status.APPLIED: "✅", Status.PENDING: "⏳", Status.FAILED: "❌", Status.SKIPPED: "⏸"}
_AGAIN: Final = "the next run looks again"
_TABLE: Final = "| | change | account | what |\n|---|---|---|---|\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a pull request's changes. `left` is the plan that remains, as far as it is about them.

    `role`: the role that the console's switch leads to; empty for no link. `vanished`: reviewed, and not to do any more.
    """

    outcomes: tuple[Outcome, ...] = ()
    left: Plan | None = None
    vanished: tuple[str, ...] = ()
    role: str = ""

    @property
    def verdict(self) -> str:
        """`3 applied, 1 failed, 1 on hold`; `nothing to apply`."""
        counts = [(sum(each.status is status for each in self.outcomes), status.value) for status in Status]
        parts = [f"{number:,} {word}" for number, word in counts if number]
        if self.left is not None and self.left.holds:
            parts.append(f"{len(self.left.holds):,} on hold")
        return ", ".join(parts) or "nothing to apply"


def running(reviewed: Sequence[str], unreviewed: str, *, root: str = "", link: str | None = None) -> str:
    """While the run is at work. `reviewed` are the subjects whose changes it may make; `unreviewed` says why none was found."""
    head = f"{marker(REPORT, root)}\n### vend apply: running\n\n"
    names = [value(clip(each, field_words.VALUE_LIMIT)) for each in reviewed[:20]]
    more = f" and {len(reviewed) - len(names):,} more" if len(reviewed) > len(names) else ""
    said = f"For: {', '.join(names)}{more}.\n" if names else ""
    return head + said + _why(unreviewed) + _link(link)


def ended(
    result: Result,
    unreviewed: str,
    *,
    requester: str = "",
    root: str = "",
    link: str | None = None,
    budget: int = BUDGET,
) -> str:
    """The end of the run. `requester` (a login, checked by the caller) is mentioned, once."""
    head = f"{marker(REPORT, root)}\n### vend apply: {result.verdict}\n\n"
    foot = f"{_why(unreviewed)}{_next(result)}{_link(link)}" + (f"\n@{requester}\n" if requester else "")
    rows: Part[Any] = Part(
        rank=0,
        items=[*sorted(result.outcomes, key=_urgency), *(result.left.holds if result.left is not None else ())],
        render=lambda each: _row(each, result.role),
        left_out=lambda rest: counted(len(rest), "row"),
        opening=_TABLE,
        closing="\n",
    )
    gone: Part[Any] = Part(
        rank=1,
        items=result.vanished,
        render=lambda each: f"- {value(clip(each, field_words.VALUE_LIMIT))}: done already, or no longer asked for\n",
        left_out=lambda rest: f"{len(rest):,} that are done already",
        closing="\n",
    )
    parts = [rows, gone]
    reserved = room.size(head + foot + _missing(room.left_out_at_most(parts), link)) + ORDER_ROOM
    fitted = room.fit(parts, budget - reserved)
    return head + fitted.text + _missing(fitted.left_out, link) + foot


def stopped(message: str, hint: str, *, root: str = "", link: str | None = None) -> str:
    """The run could not begin, or has broken off."""
    head = f"{marker(REPORT, root)}\n### vend apply: stopped\n\n"
    said = prose(clip(f"{message}; {hint}" if hint else message, TEXT_LIMIT))
    return (
        f"{head}{said}\n\nWhat was begun is found by the next run: run it again when the reason is gone.\n{_link(link)}"
    )


def _row(item: Outcome | Hold, role: str) -> str:
    if isinstance(item, Hold):
        what = f"on hold: {prose(clip(item.reason or item.guard, TEXT_LIMIT))}"
        release = f" · to release: {prose(clip(item.release, TEXT_LIMIT))}" if item.release else ""
        who = marked(describe.who(item.change))
        return f"| ⏸ | {describe.kind(item.change)} | {who} | {what}{release} |\n"
    hint = item.hint or (_AGAIN if item.status is Status.PENDING else "")
    said = f"{item.status.value}: {prose(clip(item.message, TEXT_LIMIT))}" if item.message else item.status.value
    hinted = f" · {prose(clip(hint, TEXT_LIMIT))}" if hint else ""
    who = value(clip(item.subject, field_words.VALUE_LIMIT)) + _account(item, role)
    return f"| {_SIGNS[item.status]} | {value(item.kind.replace('-', ' '))} | {who} | {said}{hinted} |\n"


def _account(outcome: Outcome, role: str) -> str:
    """The account id, as a link into its console where there is a role to switch to.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html
    """
    number = outcome.account_id or ""
    if not (number.isascii() and number.isdecimal()):
        return ""
    if not role:
        return f" {number}"
    link = f"https://signin.aws.amazon.com/switchrole?account={number}&roleName={quote(role, safe='')}"
    return f" [{number}](<{link}>)"


def _urgency(outcome: Outcome) -> tuple[int, str, str]:
    order = (Status.FAILED, Status.PENDING, Status.SKIPPED, Status.APPLIED)
    return order.index(outcome.status), outcome.subject, outcome.kind


def _next(result: Result) -> str:
    statuses = {each.status for each in result.outcomes}
    if Status.FAILED in statuses or Status.SKIPPED in statuses:
        return "To go on: correct what has failed, and run the job again; it continues where it stopped.\n"
    if Status.PENDING in statuses:
        return "What is pending goes on with the next run of the job, which may be started at any time.\n"
    return ""


def _why(unreviewed: str) -> str:
    return f"\n{prose(unreviewed)}\n" if unreviewed else ""


def _link(link: str | None) -> str:
    return f"\n{leads_to(link, 'The run')}\n" if link is not None and leads_to(link, "") else ""


def _missing(words: Iterable[str], link: str | None) -> str:
    return left_out(words, link, whole="The run", elsewhere="The record of the run has everything.")
