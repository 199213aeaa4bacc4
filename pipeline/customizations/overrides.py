"""The override file: where the state lies, and that every AWS provider refuses any other account.

Terraform merges `*_override.tf.json` over the blocks of the folder: https://developer.hashicorp.com/terraform/language/files/override.
State key and account both come from `terraform.workspace`, so they cannot diverge. Providers get no `endpoints` block: one
costs 5 s of CPU each time it is validated; `AWS_ENDPOINT_URL` does the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, assert_never

from pipeline.customizations.credentials import STATE
from pipeline.customizations.releases import Release
from pipeline.errors import PermanentServiceError, UsageError
from pipeline.model.customization import Target
from pipeline.model.json import Json

FILE: Final = "vend_override.tf.json"
FOLDER: Final = "customizations"
"""Where the states lie below an account's part of the bucket.

At `init`, Terraform also looks for the state of the workspace "default", which is the same path without prefix and account. With
this folder in it, a policy can allow that look, and no other.
"""
_OTHERS: Final = ("override.tf", "_override.tf", "override.tf.json", "_override.tf.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Backend:
    """States in a bucket: `PREFIX/ACCOUNT ID/customizations/NAME.tfstate`, locked by an object beside each.

    Raises `UsageError` for a prefix that would lie where Terraform looks for the states of no account.
    """

    bucket: str
    region: str
    prefix: str = "accounts"

    def __post_init__(self) -> None:
        if self.prefix.strip("/") != self.prefix or self.prefix.split("/")[0] in {"", FOLDER}:
            raise UsageError(
                f'customizations.state: the prefix "{self.prefix}" cannot be used',
                hint=f'give one that is not empty, does not begin with "{FOLDER}", and has no "/" at its ends',
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalBackend:
    """States in a folder of this machine: `CUSTOMIZATION/ACCOUNT ID/terraform.tfstate`. For the sandbox."""

    directory: Path


Backend = S3Backend | LocalBackend


def state_key(backend: S3Backend, target: Target) -> str:
    """The key of the state object, which the S3 backend makes of prefix, workspace and key.

    https://developer.hashicorp.com/terraform/language/backend/s3#workspace_key_prefix
    """
    return f"{backend.prefix}/{target.account_id}/{FOLDER}/{target.customization}.tfstate"


def local_state(backend: LocalBackend, target: Target) -> Path:
    """The file of the state. Terraform names it so in the folder of a workspace."""
    return backend.directory / target.customization / target.account_id / "terraform.tfstate"


def override(release: Release, backend: Backend) -> dict[str, Json]:
    """The content of the override file of a release."""
    content: dict[str, Json] = {"terraform": {"backend": _backend(release.name, backend)}}
    if release.providers:
        content["provider"] = _providers(release.providers, release.entering)
    return content


def refuse_later_overrides(names: Iterable[str]) -> None:
    """Terraform reads override files in the order of their names, and the last one wins: that has to be ours.

    Raises `PermanentServiceError` for a file of the folder that would come after it, or in its place.
    """
    later = sorted(name for name in names if name.endswith(_OTHERS) and name >= FILE)
    if later:
        raise PermanentServiceError(
            f'"{later[0]}": it would override "{FILE}", which holds the account guard and the state\'s place',
            hint='give it a name that sorts before "vend", such as "a_override.tf"',
        )


def escaped(value: Json) -> Json:
    """The value for a `.tf.json` file, where every string is a template: `${` and `%{` stand for themselves.

    Values in `.tfvars.json` files are literal and must not be escaped.
    https://developer.hashicorp.com/terraform/language/syntax/json#expression-mapping
    """
    match value:
        case str():
            return value.replace("${", "$${").replace("%{", "%%{")
        case Mapping():
            return {key: escaped(each) for key, each in value.items()}
        case Sequence():
            return [escaped(each) for each in value]
        case _:
            return value


def _backend(name: str, backend: Backend) -> Json:
    match backend:
        case S3Backend():
            return {
                "s3": {
                    "bucket": escaped(backend.bucket),
                    "region": escaped(backend.region),
                    "key": f"{FOLDER}/{name}.tfstate",
                    "workspace_key_prefix": escaped(backend.prefix),
                    "use_lockfile": True,
                    "encrypt": True,
                    "profile": STATE,
                }
            }
        case LocalBackend(directory=directory):
            place = escaped(str(directory / name))
            # `path` is the state of the workspace "default", in which nothing is ever run.
            return {"local": {"workspace_dir": place, "path": f"{place}/default.tfstate"}}
        case _:
            assert_never(backend)


def _providers(
    configurations: Iterable[tuple[str, str | None]], entering: Iterable[tuple[str, str | None]]
) -> dict[str, Json]:
    """A guard for every alias, and for the default: one that the folder does not write down is configured all the same.

    `entering`: those whose `assume_role` is taken away. An empty `dynamic` block does that: Terraform lets a block of an override
    replace all of its type.
    """
    guard: dict[str, Json] = {"allowed_account_ids": ["${terraform.workspace}"]}
    as_it_is: dict[str, Json] = {"dynamic": {"assume_role": {"for_each": [], "content": {}}}}
    more = dict.fromkeys(entering, as_it_is)
    aliases: dict[str, set[str]] = {}
    for local_name, alias in configurations:
        aliases.setdefault(local_name, set()).update(() if alias is None else (alias,))
    return {
        name: [
            {**guard, **more.get((name, None), {})},
            *({"alias": alias, **guard, **more.get((name, alias), {})} for alias in sorted(found)),
        ]
        for name, found in sorted(aliases.items())
    }
