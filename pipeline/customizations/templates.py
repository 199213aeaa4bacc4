"""Templates (`*.jinja`) of a folder of Terraform, as AFT has them: rendered before anything is read, never into the repository.

The values are the same for every account, and so is the text; where AFT writes the account's id, it says
`${terraform.workspace}`, which Terraform makes the id of. So one prepared directory serves all accounts, and what is checked is
what runs.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from pipeline.customizations import template_process
from pipeline.customizations.blocks import Block, Body
from pipeline.model.json import canonical

SUFFIX: Final = ".jinja"
TARGET_ROLE: Final = "target_admin_role_arn"
NEVER: Final = "1970-01-01 00:00:00"
"""The value of `timestamp`: another one each time would make every run a change."""

_SECONDS: Final = 10
"""Of CPU that a template may take."""
_PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Broken:
    """A template that cannot be rendered. `line` is one of the template."""

    line: int
    message: str


def template_values(
    *, home_region: str, partition: str, execution_role: str, admin_role: str, version: str, bucket: str, region: str
) -> dict[str, str]:
    """What AFT gives to the templates of global and account customizations with Terraform's open-source distribution.

    `version`: the oldest Terraform that may run, since templates ask for "at least". `bucket` and `region` are those of the
    states; what a template says of the backend is overridden, so `key` is only a name.
    https://github.com/aws-ia/terraform-aws-control_tower_account_factory/tree/main/modules/aft-customizations/buildspecs
    """
    return {
        "timestamp": NEVER,
        "tf_distribution_type": "oss",
        "provider_region": home_region,
        "region": region,
        "bucket": bucket,
        "key": "customizations/terraform.tfstate",
        "dynamodb_table": "",
        "kms_key_id": "",
        "tf_version": version,
        "aft_admin_role_arn": admin_role,
        TARGET_ROLE: f"arn:{partition}:iam::${{terraform.workspace}}:role/{execution_role}",
    }


def render(text: str, values: Mapping[str, str], *, seconds: int = _SECONDS) -> str | Broken:
    """The text that the template stands for; the same template is rendered once. `seconds`: of CPU that it may take."""
    return _rendered(text, canonical(dict(values)), seconds)


@lru_cache(maxsize=1024)
def _rendered(text: str, values: str, seconds: int) -> str | Broken:
    try:
        ended = subprocess.run(  # noqa: S603 - our own script; the template is its input
            (sys.executable, "-I", template_process.__file__),
            input=json.dumps({"text": text, "values": json.loads(values), "seconds": seconds}).encode(),
            capture_output=True,
            timeout=_PATIENCE,
            env={},
            check=False,
        )
        told: dict[str, Any] = json.loads(ended.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        limits = f"{seconds} seconds and {template_process.BYTES >> 30} GB of memory"
        return Broken(1, f"it cannot be rendered within {limits}")
    if "text" not in told:
        return Broken(int(told["line"]), str(told["message"]).rstrip("."))
    return str(told["text"])


def entering_target(body: Body, text: str, values: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """Name and alias of each provider that would assume the account's own role, as AFT's do; `body` is the rendered `text`.

    Terraform runs with a session of that role already, which may not assume itself.
    """
    role, lines = f'"{values.get(TARGET_ROLE, "")}"', text.splitlines()
    for block in body.of("provider"):
        if block.labels and _assumes(block, role, lines):
            yield block.labels[0], block.body.text("alias")


def _assumes(block: Block, role: str, lines: list[str]) -> bool:
    named = [each.body.attributes.get("role_arn") for each in block.body.of("assume_role")]
    return bool(named) and all(each is not None and role in lines[each.line - 1] for each in named)
