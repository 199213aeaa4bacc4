"""What Terraform gets to see of our environment: what is on a list, and nothing else.

So no credentials of the management account, no token of the forge, and none of `TF_VAR_…`, `TF_CLI_ARGS…` or `TF_LOG…`,
which would change what was reviewed or write values to a log.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline.customizations.credentials import TARGET
from pipeline.errors import UsageError

PASSED: Final = frozenset(
    {
        "PATH",
        "LANG",
        "LC_ALL",
        "TZ",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "AWS_CA_BUNDLE",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_STS",
    }
)
"""Variables that are handed on as they are."""

ACCOUNT_ID: Final = "VENDED_ACCOUNT_ID"
"""The variable that holds the account's id, for Terraform and what runs before and after it; AFT's name for it."""

_OF_PIP: Final = frozenset(
    {
        "PIP_CERT",
        "PIP_CONFIG_FILE",
        "PIP_EXTRA_INDEX_URL",
        "PIP_FIND_LINKS",
        "PIP_INDEX_URL",
        "PIP_NO_INDEX",
        "PIP_TRUSTED_HOST",
    }
)
"""Where pip finds packages. An address may hold a secret, so nobody but pip gets it."""

_REFUSED: Final = "TF_REATTACH_PROVIDERS"


def refuse_reattached_providers(ours: Mapping[str, str]) -> None:
    """Raise `UsageError` where one provider process would serve several accounts.

    Such a process keeps one configured client: with two runs at a time, resources of one account were created in the
    other. https://developer.hashicorp.com/terraform/plugin/debugging says that it is for debugging only.
    """
    if ours.get(_REFUSED):
        raise UsageError(
            f"environment: {_REFUSED} is set, and makes one provider serve several accounts",
            hint=f"unset {_REFUSED} and run again",
        )


def environment(ours: Mapping[str, str], *, folder: Path, cli_config: Path, region: str) -> dict[str, str]:
    """The whole environment of a command of Terraform. `folder`: the private folder with `config`, which also becomes the home.

    GOGC=400 lets Go collect garbage less often, which saves a quarter of the CPU; GOMEMLIMIT has it collect more often
    before a process takes that much, so that a run, provider included, stays below 700 MB.
    """
    return {
        **plain_environment(ours, folder=folder, region=region),
        "TF_CLI_CONFIG_FILE": str(cli_config),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "GOGC": "400",
        "GOMEMLIMIT": "300MiB",
    }


def plain_environment(ours: Mapping[str, str], *, folder: Path, region: str) -> dict[str, str]:
    """What every process gets that works in an account."""
    home, temporary, nothing = folder / "home", folder / "tmp", folder / "credentials"
    for each in (home, temporary):
        each.mkdir(mode=0o700, exist_ok=True)
    nothing.touch(mode=0o600)
    return {
        **{name: value for name, value in ours.items() if name in PASSED and value},
        "PATH": ours.get("PATH", os.defpath),
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(nothing),
        "AWS_PROFILE": TARGET,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,  # boto3 reads no other
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def installing_environment(ours: Mapping[str, str], *, folder: Path) -> dict[str, str]:
    """What pip gets: where packages are, and no way into any account. `folder` becomes the home."""
    passed = {name: value for name, value in ours.items() if name in PASSED | _OF_PIP and value and "AWS" not in name}
    return {
        **passed,
        "PATH": ours.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
    }
