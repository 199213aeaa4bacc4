"""A drift report as one HTML file: no network, no script, light and dark, for keyboards and screen readers."""

from collections.abc import Iterator
from html import escape
from typing import Final

from pipeline.model.drift_report import DriftItem, DriftReport, Section
from pipeline.reports import drift_words as words
from pipeline.reports.escaping import visible
from pipeline.reports.findings import line_of
from pipeline.reports.phrases import Phrase, plain

_STYLE: Final = """
:root { color-scheme: light dark; --edge: #8886; --soft: #8881; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem; }
caption { text-align: left; font-weight: 600; font-size: 1.15rem; padding: .25rem 0; }
th, td { border: 1px solid var(--edge); padding: .4rem .6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
thead th { background: var(--soft); }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid; }
"""
_COLUMNS: Final = ("Who", "What", "Since and by whom", "To accept it", "To repair it")
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def as_html(report: DriftReport) -> str:
    """A whole document; nothing in it comes from anywhere else, and nothing of a value is read as markup."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: DriftReport) -> Iterator[str]:
    title = _text((words.heading(report),))
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title><style>{_STYLE}</style></head><body><main>"
    yield f"<h1>{title}</h1><p>{_text(words.totals(report))}</p>"
    yield from _list("Findings", [line_of(each) for each in sorted(report.findings)])
    for section in Section:
        items = report.of(section)
        if items:
            yield from _table(words.TITLES[section], items)
    yield from _list("Notes", [visible(note) for note in report.notes])
    yield from (f"<p>{_text(step)}</p>" for step in words.steps(report))
    yield "</main></body></html>"


def _table(title: str, items: tuple[DriftItem, ...]) -> Iterator[str]:
    name = f"{title} ({len(items):,})"
    yield f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(name)}"><table>'
    yield f"<caption>{escape(name)}</caption><thead><tr>"
    yield "".join(f'<th scope="col">{column}</th>' for column in _COLUMNS) + "</tr></thead><tbody>"
    for item in items:
        cells = (words.what(item), words.since(item), words.accept(item), words.repair(item))
        columns = "".join(f"<td>{_text(cell)}</td>" for cell in cells)
        yield f'<tr id="{escape(item.id)}"><th scope="row">{_text(words.who(item))}</th>{columns}</tr>'
    yield "</tbody></table></div>"


def _list(title: str, texts: list[str]) -> Iterator[str]:
    if texts:
        yield f"<h2>{title}</h2><ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def _text(phrase: Phrase) -> str:
    return escape(plain(phrase))
