"""Write the tables of inputs into the READMEs of the shipped Terraform; with `--check`, only tell which are not current."""

import argparse
import json
import sys
from pathlib import Path

from pipeline.customizations.blocks import Literal
from pipeline.customizations.folder import Variable
from pipeline.customizations.reading import read_folder
from pipeline.customizations.types import written

BEGIN = "<!-- inputs: written by tools/terraform_readme.py -->\n"
END = "<!-- /inputs -->\n"
HEAD = "| input | type | default | what |\n| --- | --- | --- | --- |\n"
ROOT = Path(__file__).parents[1]


def table(root: Path, folder: str) -> str:
    """The inputs of a folder, required ones first."""
    found = read_folder(root, folder)
    if found is None or not found.is_readable:
        sys.exit(f"{folder}: it cannot be read as Terraform")
    people = [each for name, each in found.variables.items() if name != "account"]
    return HEAD + "".join(row(each) for each in sorted(people, key=lambda each: not each.is_required))


def row(variable: Variable) -> str:
    cells = (f"`{variable.name}`", f"`{written(variable.type)}`", default(variable), variable.description)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def default(variable: Variable) -> str:
    match variable.default:
        case None:
            return "required"
        case Literal(value):
            return f"`{json.dumps(value, ensure_ascii=False)}`"
        case _:
            return "computed"


def current(root: Path, readme: Path) -> str:
    """The text of the README with the table as it should be."""
    before, begin, rest = readme.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{readme}: it has no place for the table, between {BEGIN.strip()} and {END.strip()}")
    folder = readme.parent.relative_to(root).as_posix()
    return f"{before}{BEGIN}\n{table(root, folder)}\n{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a table is not current")
    is_check = parser.parse_args().check
    stale = [
        path for path in sorted(ROOT.glob("terraform/**/README.md")) if path.read_text("utf-8") != current(ROOT, path)
    ]
    for path in stale:
        if is_check:
            sys.stderr.write(
                f"{path.relative_to(ROOT)}: the table is not current; run: python tools/terraform_readme.py\n"
            )
        else:
            path.write_text(current(ROOT, path), "utf-8")
    return 1 if stale and is_check else 0


if __name__ == "__main__":
    sys.exit(main())
