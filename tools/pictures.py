"""Make the pictures of docs/images anew: what the loop writes to a forge, as Markdown and as a browser shows it.

`python tools/pictures.py` walks the loop on the sandbox and a fake GitHub, keeps each text as docs/images/NAME.md, and takes
its picture with Chromium (CHROMIUM=path, if it is not found); pngquant makes it smaller where it is installed.
`--from-texts` takes the pictures of the texts that are there; `--texts` only writes the texts.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the walk is a test's, too

from pipeline.sandbox import control  # noqa: E402
from pipeline.sandbox.options import Options  # noqa: E402
from tests.end_to_end.pictured import walk  # noqa: E402

IMAGES: Final = ROOT / "docs" / "images"
WIDTH: Final = 940
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
WRITERS: Final = {
    "plan-comment": "<b>vend</b> commented on pull request #7",
    "result-comment": "<b>vend</b> commented on pull request #7 · merged",
    "drift-issue": "<b>vend</b> opened an issue",
}
STYLE: Final = """
* { box-sizing: border-box }
body { margin: 0; padding: 16px; background: #fff; color: #1f2328; font: 14px/1.5 "Liberation Sans", "Noto Sans", sans-serif }
.comment { border: 1px solid #d1d9e0; border-radius: 6px }
.head { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0; padding: 8px 16px; color: #59636e }
.head b { color: #1f2328 }
.text { padding: 4px 16px 8px }
h3 { font-size: 17.5px; line-height: 1.25; margin: 14px 0 10px }
p, details, ul { margin: 0 0 12px }
ul { padding-left: 24px }
summary { cursor: pointer }
a { color: #0969da; text-decoration: none }
table { border-collapse: collapse; width: 100%; margin: 0 0 14px }
th, td { border: 1px solid #d1d9e0; padding: 6px 10px; text-align: left; vertical-align: top }
th { font-weight: 600 }
tr:nth-child(even) td { background: #f6f8fa }
td:first-child { white-space: nowrap }
.signed td:first-child { text-align: center; min-width: 36px }
.signed td:nth-child(2) { white-space: nowrap }
code { background: #eff1f3; border-radius: 4px; padding: 2px 4px; font: 12px "DejaVu Sans Mono", monospace }
td code { white-space: break-spaces; overflow-wrap: anywhere }
"""


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = given.add_mutually_exclusive_group()
    which.add_argument("--texts", action="store_true", help="write the texts, take no pictures")
    which.add_argument("--from-texts", action="store_true", help="take pictures of the texts that are there")
    wanted = given.parse_args()
    if not wanted.from_texts:
        for name, text in _walked().items():
            (IMAGES / f"{name}.md").write_text(text)
    if not wanted.texts:
        for name in WRITERS:
            _photograph((IMAGES / f"{name}.md").read_text(), WRITERS[name], IMAGES / f"{name}.png")


def _walked() -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        state, work = Path(folder) / "sandbox.json", Path(folder) / "work"
        work.mkdir()
        running = control.start(state, Options(creation_delay=0.03, closing_delay=0.03))
        try:
            for name in control.UNSET:
                os.environ.pop(name, None)
            os.environ.update(control.environment(running.url))
            return walk(work, running.url)
        finally:
            control.stop(state)


def page(text: str, writer: str) -> str:
    """The text as HTML that loads nothing, in a frame that names the writer. The text is ours: HTML in it is kept."""
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    shown = re.sub(r"<table>(?=\s*<thead>\s*<tr>\s*<th></th>)", '<table class="signed">', shown)
    frame = f'<div class="comment"><div class="head">{writer}</div><div class="text">{shown}</div></div>'
    return f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>{frame}'


def _photograph(text: str, writer: str, picture: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(
            page(text, writer) + "<script>document.title = document.documentElement.scrollHeight</script>"
        )
        height = re.search(r"<title>(\d+)</title>", _browse(folder, source, "--dump-dom", f"--window-size={WIDTH},100"))
        if height is None:
            sys.exit("the browser does not say how high the page is")
        shot = Path(folder) / "shot.png"
        size = ("--force-device-scale-factor=2", f"--window-size={WIDTH},{height[1]}", f"--screenshot={shot}")
        _browse(folder, source, *size)
        if (pngquant := shutil.which("pngquant")) is not None:
            smaller = [pngquant, "--force", "--strip", "--speed=1", "--output", str(shot), "64", str(shot)]
            subprocess.run(smaller, check=True)  # noqa: S603 - no shell; the program is the path's, the arguments are ours
        shutil.copyfile(shot, picture)


def _browse(folder: str, source: Path, *arguments: str) -> str:
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("Chromium: it is not installed; install it, or name it with CHROMIUM=path")
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/profile")
    command = [browser, *quiet, *arguments, source.as_uri()]
    done = subprocess.run(  # noqa: S603 - no shell; the program is the path's or the caller's, the page is ours
        command, check=True, capture_output=True, text=True, timeout=120
    )
    return done.stdout


if __name__ == "__main__":
    main()
