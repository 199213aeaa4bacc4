"""The comment on a merged pull request: how far its changes are applied, and at last what became of each account."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, assert_never
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
_ON_THE_WAY: Final = {True: "🔄", False: "⌛"}
_TABLE: Final = "| | change | account | what |\n|---|---|---|---|\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Ways into an account: the start address of Identity Center's access portal or, without one, a role to switch to."""

    portal: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What all comments of a run share. `again`: when what is pending is looked at again. `link` leads to the run."""

    root: str = ""
    link: str | None = None
    doors: Doors = field(default_factory=Doors)
    again: str = ""
    budget: int = BUDGET


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTheWay:
    """A change of a run that goes on, and has not ended. `has_begun`: something of it may be done."""

    kind: str
    subject: str
    account_id: str | None = None
    has_begun: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A change that was reviewed, and that the run has found nothing of to do."""

    kind: str
    subject: str
    account_id: str | None = None


Row = Outcome | OnTheWay | Gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a pull request's changes. `left` is the plan that remains, as far as it is about them.

    `vanished`: reviewed, and not to do any more.
    """

    outcomes: tuple[Outcome, ...] = ()
    left: Plan | None = None
    vanished: tuple[Gone, ...] = ()

    @property
    def verdict(self) -> str:
        """`3 applied, 1 failed, 1 on hold`; `nothing to apply`."""
        counts = [(sum(each.status is status for each in self.outcomes), status.value) for status in Status]
        parts = [f"{number:,} {word}" for number, word in counts if number]
        if self.left is not None and self.left.holds:
            parts.append(f"{len(self.left.holds):,} on hold")
        return ", ".join(parts) or "nothing to apply"


def running(reviewed: Sequence[str], unreviewed: str, page: Page, rows: Sequence[Row] = ()) -> str:
    """While the run is at work. `reviewed` are the subjects whose changes it may make; `unreviewed` says why none was found.

    `rows`: how far each change is; none while the run still plans.
    """
    done = sum(isinstance(each, Outcome) for each in rows)
    far = f", {done:,} of {counted(len(rows), 'change')} ended" if rows else ""
    head = f"{marker(REPORT, page.root)}\n### vend apply: running{far}\n\n"
    foot = f"{_why(unreviewed)}{_link(page.link)}"
    if not rows:
        return f"{head}{_for(reviewed)}{foot}"
    ordered: list[Row] = sorted(rows, key=_urgency)
    return _fitted(head, _rows(ordered, page), foot, page)


def ended(result: Result, unreviewed: str, page: Page, *, requester: str = "") -> str:
    """The end of the run. `requester` (a login, checked by the caller) is mentioned, once."""
    head = f"{marker(REPORT, page.root)}\n### vend apply: {result.verdict}\n\n"
    call = f"\n@{requester}, this is what became of it.\n" if requester else ""
    foot = f"{_why(unreviewed)}{_next(result)}{_link(page.link)}{call}"
    holds = result.left.holds if result.left is not None else ()
    items: list[Row | Hold] = [*sorted(result.outcomes, key=_urgency), *holds, *sorted(result.vanished, key=_urgency)]
    return _fitted(head, _rows(items, page), foot, page)


def stopped(message: str, hint: str, page: Page) -> str:
    """The run could not begin, or has broken off."""
    head = f"{marker(REPORT, page.root)}\n### vend apply: stopped\n\n"
    said = prose(clip(f"{message}; {hint}" if hint else message, TEXT_LIMIT))
    begun = "What was begun is found by the next run: run it again when the reason is gone."
    return f"{head}{said}\n\n{begun}\n{_link(page.link)}"


def _fitted(head: str, rows: Part[Any], foot: str, page: Page) -> str:
    reserved = room.size(head + foot + _missing(room.left_out_at_most([rows]), page.link)) + ORDER_ROOM
    fitted = room.fit([rows], page.budget - reserved)
    return head + fitted.text + _missing(fitted.left_out, page.link) + foot


def _rows(items: Sequence[Row | Hold], page: Page) -> Part[Any]:
    return Part(
        rank=0,
        items=items,
        render=lambda each: _row(each, page),
        left_out=lambda rest: counted(len(rest), "row"),
        opening=_TABLE,
        closing="\n",
    )


def _for(reviewed: Sequence[str]) -> str:
    names = [value(clip(each, field_words.VALUE_LIMIT)) for each in reviewed[:20]]
    more = f" and {len(reviewed) - len(names):,} more" if len(reviewed) > len(names) else ""
    return f"For: {', '.join(names)}{more}.\n" if names else ""


def _row(item: Row | Hold, page: Page) -> str:
    match item:
        case Hold(change=change):
            what = f"on hold: {prose(clip(item.reason or item.guard, TEXT_LIMIT))}"
            release = f" · to release: {prose(clip(item.release, TEXT_LIMIT))}" if item.release else ""
            return f"| ⏸ | {describe.kind(change)} | {marked(describe.who(change))} | {what}{release} |\n"
        case OnTheWay(has_begun=has_begun):
            what = "in progress" if has_begun else "waits for its turn"
            return f"| {_ON_THE_WAY[has_begun]} | {_kind(item)} | {_who(item, page.doors)} | {what} |\n"
        case Gone():
            return f"| ☑ | {_kind(item)} | {_who(item, page.doors)} | done already, or no longer asked for |\n"
        case Outcome():
            return (
                f"| {_SIGNS[item.status]} | {_kind(item)} | {_who(item, page.doors)} | {_ending(item, page.again)} |\n"
            )
        case _:
            assert_never(item)


def _ending(outcome: Outcome, again: str) -> str:
    said = f": {prose(clip(outcome.message, TEXT_LIMIT))}" if outcome.message else ""
    hints = (outcome.hint, f"looked at again {again}" if again and outcome.status is Status.PENDING else "")
    hinted = "".join(f" · {prose(clip(hint, TEXT_LIMIT))}" for hint in hints if hint)
    return f"{outcome.status.value}{said}{hinted}"


def _kind(item: Row) -> str:
    return value(item.kind.replace("-", " "))


def _who(item: Row, doors: Doors) -> str:
    return value(clip(item.subject, field_words.VALUE_LIMIT)) + _account(item.account_id or "", doors)


def _account(number: str, doors: Doors) -> str:
    """The account id, as a link into its console where there is a way to it; people choose among their own roles in the portal.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/createshortcutlink.html
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html
    """
    if not (number.isascii() and number.isdecimal()):
        return ""
    link = ""
    if doors.portal:
        link = f"{doors.portal.rstrip('/')}/#/console?account_id={number}"
    elif doors.role:
        link = f"https://signin.aws.amazon.com/switchrole?account={number}&roleName={quote(doors.role, safe='')}"
    return f" {leads_to(link, number) or number}"


def _urgency(row: Row) -> tuple[int, str, str]:
    order = (Status.FAILED, Status.PENDING, Status.SKIPPED)
    match row:
        case OnTheWay(has_begun=has_begun):
            place = len(order) + (not has_begun)
        case Outcome(status=status) if status in order:
            place = order.index(status)
        case _:
            place = len(order) + 2
    return place, row.subject, row.kind


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
