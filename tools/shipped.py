"""Write what `vend init` ships, and this repository's own copies of it: workflows, GitLab templates, the form of an issue.

With `--check`, change nothing, and tell which are not current.
"""

import argparse
import re
import sys
from pathlib import Path

import yaml

from pipeline.account_requests.issue_form import form
from pipeline.app.init import GITHUB, GITLAB, forge_files

ROOT = Path(__file__).parents[1]
FORM = ROOT / "pipeline/templates/github/ISSUE_TEMPLATE/account-request.yml"
HEAD = "# Written by tools/shipped.py from the schema of account requests.\n"


def issue_form() -> str:
    return HEAD + yaml.safe_dump(form(), sort_keys=False, allow_unicode=True, width=120)


def copies() -> dict[Path, str]:
    """The files of the forges, for this repository: it installs itself."""
    region = re.search(r"home_region: (\S+)", (ROOT / "vending.yaml").read_text("utf-8"))
    values = {"PACKAGE": ".", "REGION": region[1] if region else "us-east-1", "BRANCH": "main"}
    found = {**forge_files(GITHUB, values), **forge_files(GITLAB, values)}
    del found[".gitlab-ci.yml"]
    return {ROOT / path: text for path, text in found.items()}


def stale(path: Path, text: str, *, is_check: bool) -> bool:
    """Whether the file is not current; it is written unless this is only a check."""
    if path.is_file() and path.read_text("utf-8") == text:
        return False
    if not is_check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a file is not current")
    is_check = parser.parse_args().check
    found = [FORM] if stale(FORM, issue_form(), is_check=is_check) else []
    found += [path for path, text in copies().items() if stale(path, text, is_check=is_check)]
    if is_check:
        names = (f"{path.relative_to(ROOT)}: it is not current; run: python tools/shipped.py\n" for path in found)
        sys.stderr.writelines(names)
    return 1 if found and is_check else 0


if __name__ == "__main__":
    sys.exit(main())
