"""The pictures in docs/ show what the loop says today."""

from pathlib import Path

from tests.end_to_end.conftest import REPOSITORY, Aws
from tests.end_to_end.pictured import walk

IMAGES = REPOSITORY / "docs" / "images"


def test_the_texts_of_the_pictures_are_what_the_loop_writes_to_the_forge(tmp_path: Path, aws: Aws) -> None:
    """If not: `python tools/pictures.py` makes texts and pictures anew, and needs Chromium. Look at them, then commit both."""
    (tmp_path / "work").mkdir()

    shown = walk(tmp_path / "work", aws.url)

    for name, text in shown.items():
        assert text.splitlines() == (IMAGES / f"{name}.md").read_text().splitlines(), name
    assert {path.stem for path in IMAGES.glob("*.png")} == shown.keys()
