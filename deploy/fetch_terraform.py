"""Fetch a release of Terraform into the working directory, if it has the checksum that was given. For the Dockerfile.

The environment says which: TERRAFORM_VERSION, TERRAFORM_RELEASES (a URL), and TERRAFORM_SHA256_AMD64 or TERRAFORM_SHA256_ARM64.
"""

import hashlib
import io
import os
import platform
import re
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path

MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
MEMBERS = {"terraform": 0o755, "LICENSE.txt": 0o644}


def main(environment: Mapping[str, str], machine: str, folder: Path) -> str:
    """What is wrong, or nothing if Terraform is in the folder."""
    kind = MACHINES.get(machine, machine)
    name, wanted = f"TERRAFORM_SHA256_{kind.upper()}", ""
    version, wanted = environment.get("TERRAFORM_VERSION", ""), environment.get(name, "").lower()
    if not re.fullmatch(r"[0-9a-f]{64}", wanted):
        return f'{name} is "{wanted}"; give the SHA-256 that is published for terraform_{version}_linux_{kind}.zip'
    url = f"{environment.get('TERRAFORM_RELEASES', '')}/{version}/terraform_{version}_linux_{kind}.zip"
    try:
        with urllib.request.urlopen(url, timeout=300) as answer:  # noqa: S310 - what comes is checked by its checksum
            release = answer.read()
    except (OSError, ValueError) as error:
        return f"{url}: it cannot be fetched: {error}"
    if (found := hashlib.sha256(release).hexdigest()) != wanted:
        return f"{url}: its SHA-256 is {found}, and {name} says {wanted}; look which of the two is wrong"
    with zipfile.ZipFile(io.BytesIO(release)) as archive:
        for member, mode in MEMBERS.items():
            path = folder / member
            path.write_bytes(archive.read(member))
            path.chmod(mode)
    return ""


if __name__ == "__main__":
    if problem := main(os.environ, platform.machine(), Path.cwd()):
        sys.exit(f"fetch_terraform: {problem}")
