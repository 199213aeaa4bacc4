"""Laws of drift: all of the plan is in the report and the other way round; accepted, it is gone; rendered, it is harmless."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from markdown_it import MarkdownIt

from pipeline.account_requests.editing import edited
from pipeline.account_requests.loading import _spec
from pipeline.account_requests.written import Document
from pipeline.account_requests.yaml import read
from pipeline.model.account import Unobserved
from pipeline.model.change import contact_json
from pipeline.model.drift_report import DriftItem, DriftReport, Section, TrailEvent
from pipeline.model.effect import digest_of
from pipeline.model.json import Json
from pipeline.model.observed import ObservedState
from pipeline.model.plan import Plan
from pipeline.model.request import AccountRequest, DesiredState
from pipeline.planning.drift import Surroundings, drift_of
from pipeline.planning.drift_history import history_in, with_authors, with_history
from pipeline.planning.planning import make_plan
from pipeline.planning.policy import Policy
from pipeline.planning.repairs import Repairs
from pipeline.reports.budget import size
from pipeline.reports.drift_html import as_html
from pipeline.reports.drift_json import as_json
from pipeline.reports.drift_markdown import as_comment, as_markdown
from pipeline.reports.drift_text import as_text
from pipeline.reports.markdown import BUDGET, SMALLEST_BUDGET
from tests.builders import REPOSITORY, a_desired, a_state
from tests.strategies import as_requested, desires, organizations, policies
from tests.unit.reports import plans

SCHEMA = Draft202012Validator(
    json.loads((Path(__file__).parents[2] / "schemas" / "drift.schema.json").read_text(encoding="utf-8"))
)
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HARMLESS = re.compile(r"[\w\s.,;:()\"'/%+~→·…⏸⚙?-]*")
INLINE = {"text", "code_inline", "softbreak", "strong_open", "strong_close"}
LAW = settings(deadline=None)
LARGE_LAW = settings(deadline=None, max_examples=40)
LAST = "2026-11-21T06:00:00+00:00"


def report_of(
    plan: Plan, desired: DesiredState | None = None, observed: ObservedState | None = None, repairs: str = "safe"
) -> DriftReport:
    return drift_of(
        plan,
        Surroundings(
            desired=desired or a_desired(),
            observed=observed or a_state(),
            repository=REPOSITORY,
            repairs=Repairs(repairs),
        ),
    )


def hostile_reports() -> st.SearchStrategy[DriftReport]:
    """Reports of any plan, with authors whose names are as bad as can be."""

    def told(plan: Plan, word: str) -> DriftReport:
        report = report_of(plan)
        events = [
            TrailEvent(event_id=word, name="TagResource", at=LAST, who=word, from_where=word, about=each.account_id)
            for each in report.items
            if each.account_id is not None
        ]
        return replace(with_history(with_authors(report, events, {}), {}), notes=(word,))

    return st.builds(told, plans.plans, plans.hostile)


@LAW
@given(desires(), organizations(), policies, st.sampled_from(list(Repairs)))
def test_everything_in_the_plan_is_in_the_report_and_the_other_way_round(
    desired: DesiredState, observed: ObservedState, policy: Policy, repairs: Repairs
) -> None:
    plan = make_plan(desired, observed, policy)
    report = report_of(plan, desired, observed, repairs)

    changes = {digest_of(each) for each in plan.changes}
    holds = {(digest_of(each.change), each.guard) for each in plan.holds}
    assert {each.change for each in report.items if each.change and each.section is not Section.HOLDS} == changes
    assert {(each.change, each.guard) for each in report.of(Section.HOLDS)} == holds
    assert {each.account_id for each in report.of(Section.ORPHANS)} == {each.account_id for each in plan.orphans}
    assert {each.account_id for each in report.of(Section.UNMANAGED)} == {each.account_id for each in plan.unmanaged}
    assert report.findings == plan.findings
    assert bool(report.drift) is not plan.is_empty
    assert len({each.id for each in report.items}) == len(report.items)


@given(organizations(), policies)
def test_the_report_of_an_organization_that_is_as_asked_for_has_no_drift(
    observed: ObservedState, policy: Policy
) -> None:
    owned, desired = as_requested(observed)
    plan = make_plan(desired, owned, replace(policy, tags_ignore=()))

    report = report_of(plan, desired, owned)

    assert report.drift == ()
    assert {each.section for each in report.items} <= {Section.CLOSED, Section.UNMANAGED, Section.ORPHANS}


@LAW
@given(desires(), organizations(), policies, st.data())
def test_what_is_accepted_is_drift_no_more(
    desired: DesiredState, observed: ObservedState, policy: Policy, data: st.DataObject
) -> None:
    report = report_of(make_plan(desired, observed, policy), desired, observed)
    items = [each for each in report.drift if each.ways_out.accept]
    assume(items)
    item = data.draw(st.sampled_from(items))

    changed = accepted(desired, item, flow=data.draw(st.booleans()))
    assume(len({each.spec.email.lower() for each in changed.requests}) == len(changed.requests))
    again = report_of(make_plan(changed, observed, policy), changed, observed)

    assert item.id not in {each.id for each in again.drift}
    if item.path != ("state",):  # a request for an open account asks for all the rest, too
        assert {each.id for each in again.drift} <= {each.id for each in report.drift}


def accepted(desired: DesiredState, item: DriftItem, *, flow: bool) -> DesiredState:
    """The requests with the item's edits made in the text of its own."""
    requests = tuple(
        after_edits(each, item, flow=flow) if each.origin().file == item.ways_out.file else each
        for each in desired.requests
    )
    return replace(desired, requests=requests)


def after_edits(request: AccountRequest, item: DriftItem, *, flow: bool) -> AccountRequest:
    text = yaml_of(request, flow=flow)
    document = read(edited(text.encode(), item.ways_out.file, item.ways_out.accept), item.ways_out.file)
    assert isinstance(document, Document)
    confirm = document.value.get("confirm", {})
    assert isinstance(confirm, dict)
    return replace(request, spec=_spec(document.value), confirm=confirm)


def yaml_of(request: AccountRequest, *, flow: bool) -> str:
    """The request as somebody may have written it."""
    lines = ["# a comment at the top"]
    for name, value in document_of(request).items():
        if flow or not isinstance(value, dict | list) or not value:
            lines.append(f"{name}: {json.dumps(value)} # {name}")
        elif isinstance(value, dict):
            lines += [f"{name}:", *(f"  {json.dumps(key)}: {json.dumps(each)} # {name}" for key, each in value.items())]
        else:
            lines += [f"{name}:", *(f"- {json.dumps(each)} # {name}" for each in value)]
    return "\n".join([*lines, "# a comment at the end", ""])


def document_of(request: AccountRequest) -> dict[str, Json]:
    spec = request.spec
    document: dict[str, Json] = {
        "name": spec.name,
        "email": spec.email,
        "organizational_unit": spec.organizational_unit,
        "state": spec.state.value,
        "protected": spec.protected,
        "confirm": dict(request.confirm),
        "tags": {} if isinstance(spec.tags, Unobserved) else dict(spec.tags),
        "regions": [] if isinstance(spec.regions, Unobserved) else list(spec.regions),
    }
    if not isinstance(spec.contacts, Unobserved):
        named = {kind.value: contact_json(each) for kind, each in spec.contacts.items() if each is not None}
        document["contacts"] = named
    for name, value in (
        ("settings", spec.settings),
        ("access", spec.access),
        ("contact_information", spec.contact_information),
    ):
        if not isinstance(value, Unobserved):
            document[name] = json.loads(json.dumps(value))
    return document


@LARGE_LAW
@given(hostile_reports(), st.integers(SMALLEST_BUDGET, BUDGET))
def test_markdown_is_harmless_and_within_its_budget(report: DriftReport, budget: int) -> None:
    keys = {each.subject for each in report.items}
    for text in (as_markdown(report, root="x", budget=budget), as_comment(report, keys, budget=budget)):
        assert size(text) <= budget
        if text:
            assert_harmless(text)


def assert_harmless(markdown: str) -> None:
    parsed = [token for each in MARKDOWN.parse(markdown) for token in (each, *(each.children or ()))]
    inline = [child for token in parsed if token.type == "inline" for child in token.children or ()]

    assert {token.type for token in inline} <= INLINE | {"html_inline"}
    breaks = [token.content for token in inline if token.type == "html_inline"]
    assert set(breaks) <= {"<br>"}
    assert len(breaks) <= 2 * sum(token.type == "tr_open" for token in parsed)
    assert all(HARMLESS.fullmatch(token.content) for token in inline if token.type == "text")
    assert sum(token.type == "heading_open" for token in parsed) == 1
    assert markdown.count("<!-- ") == 1
    assert markdown.startswith("<!-- vend:drift")
    assert all(char.isprintable() or char == "\n" for char in markdown)


@LARGE_LAW
@given(hostile_reports())
def test_html_loads_nothing_and_holds_no_markup_of_others(report: DriftReport) -> None:
    reader = _Tags()
    reader.feed(as_html(report))

    assert reader.seen <= {
        *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "ul", "li"),
        *("div", "table", "caption", "thead", "tbody", "tr", "th", "td"),
    }
    assert reader.attributes <= {
        *("lang", "charset", "http-equiv", "content", "name", "class", "tabindex", "role", "aria-label", "scope", "id"),
    }
    assert reader.rows == len(report.items)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.rows = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.rows += tag == "tr" and any(name == "id" for name, _ in attrs)


@LARGE_LAW
@given(hostile_reports())
def test_every_item_is_told_in_a_terminal_in_printable_characters(report: DriftReport) -> None:
    text = as_text(report, color=False, width=100)

    assert all(char.isprintable() or char == "\n" for char in text)
    assert "\n::" not in text
    titles = [line for line in text.splitlines() if re.search(r"\(\d[\d,]*\)$", line) and not line.startswith(" ")]
    assert sum(map(_number, titles)) == len(report.items)


def _number(title: str) -> int:
    found = re.search(r"\(([\d,]+)\)$", title)
    return int(found[1].replace(",", "")) if found else 0


@LARGE_LAW
@given(hostile_reports())
def test_a_report_as_json_fits_its_schema_and_is_the_history_of_the_next(report: DriftReport) -> None:
    text = as_json(replace(report, read_at=LAST, items=with_history(replace(report, read_at=LAST), {}).items))

    assert list(SCHEMA.iter_errors(json.loads(text))) == []
    again = with_history(report, history_in(text, source="report"))
    assert [each.since for each in again.items] == [LAST] * len(report.items)
    assert [each.author for each in again.items] == [each.author for each in report.items]
