"""Write the permissions of the roles into terraform/bootstrap; with `--check`, only tell if they are not current."""

import argparse
import json
import sys
from pathlib import Path

from pipeline.provisioners.aws.permissions import Place, Role, actions_of

FILE = Path(__file__).parents[1] / "terraform" / "bootstrap" / "permissions.tf.json"


def lists(role: Role) -> dict[str, list[str]]:
    """The actions of a role, by what they act on."""
    state = actions_of(role, Place.STATE)
    return {
        "management": list(actions_of(role, Place.MANAGEMENT, tower=False)),
        "control_tower": list(actions_of(role, Place.MANAGEMENT, tower=True)),
        "state_bucket": [action for action in state if not action.endswith("Object")],
        "state_objects": [action for action in state if action.endswith("Object")],
        "member": list(actions_of(role, Place.MEMBER)),
    }


def document() -> str:
    found = {role.value: lists(role) for role in Role}
    written = {
        "//": "written by tools/permissions.py from the operations that are called",
        "locals": {"permissions": found},
    }
    return json.dumps(written, indent=2) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if the lists are not current")
    is_check = parser.parse_args().check
    is_current = FILE.is_file() and FILE.read_text("utf-8") == document()
    if not is_check:
        FILE.write_text(document(), "utf-8")
    elif not is_current:
        sys.stderr.write("terraform/bootstrap/permissions.tf.json is not current; run: python tools/permissions.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
