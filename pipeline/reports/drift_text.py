"""A drift report for a terminal."""

from collections.abc import Iterator

from pipeline.model.drift_report import DriftItem, DriftReport, Section
from pipeline.reports import drift_words as words
from pipeline.reports.escaping import visible
from pipeline.reports.findings import line_of
from pipeline.reports.phrases import Phrase, plain
from pipeline.reports.terminal import Color, bullets, paint, wrapped


def as_text(report: DriftReport, *, color: bool, width: int) -> str:
    """The report in lines of `width` columns where words allow it; every item has its own."""
    blocks: list[list[str]] = [
        [paint(words.heading(report), Color.BOLD, on=color), plain(words.totals(report))],
        [line_of(each) for each in sorted(report.findings)],
    ]
    for section in Section:
        items = report.of(section)
        if items:
            title = paint(f"{words.TITLES[section]} ({len(items):,})", Color.YELLOW, on=color and section.is_drift)
            blocks.append([title, *(line for item in items for line in _lines(item, width))])
    blocks.append(bullets((visible(note) for note in report.notes), width))
    blocks.append(bullets((plain(step) for step in words.steps(report)), width))
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _lines(item: DriftItem, width: int) -> Iterator[str]:
    yield f"  {plain(words.who(item))}"
    named: tuple[tuple[str, Phrase], ...] = (
        ("", words.what(item)),
        ("", words.since(item)),
        ("accept: ", words.accept(item)),
        ("repair: ", words.repair(item)),
    )
    for label, phrase in named:
        if phrase:
            yield from (f"      {line}" for line in wrapped(label + plain(phrase), width - 6))
