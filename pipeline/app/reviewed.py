"""The reviewed plan on its way from the pull request to the main branch.

The *seal* is the SHA-256 of `plan.json`, and it stands where only our own token can write: in our verdict on the head of the
pull request. The plan itself may come from anywhere (the check's text, our comment, a folder of artifacts): a byte that was
changed on the way breaks the seal.
"""

import json
import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Final

from pipeline.errors import DocumentError
from pipeline.model.plan import Plan
from pipeline.planning.documents import plan_from_json, plan_to_json

_FORMAT: Final = "account-vending/reviewed-plan"
_FENCE: Final = re.compile(r"^```json\n(\{\"format\": \"account-vending/reviewed-plan\".*\})\n```$", re.MULTILINE)
_SEAL: Final = re.compile(r"sha256:[0-9a-f]{64}")
_LARGEST: Final = 256 * 1024 * 1024
"""Bytes of a plan; what unpacks to more is none of ours."""


def seal_of(plan: Plan) -> str:
    """`sha256:` and 64 hexadecimal digits, over the bytes of `plan.json`."""
    return f"sha256:{sha256(plan_to_json(plan).encode()).hexdigest()}"


def is_seal(text: str) -> bool:
    return _SEAL.fullmatch(text) is not None


def record_of(plan: Plan, limit: int) -> str:
    """The plan as a fenced block of at most `limit` characters; empty if it is longer."""
    document = plan_to_json(plan).encode()
    packed = b64encode(zlib.compress(document, 9)).decode()
    record = json.dumps({"format": _FORMAT, "version": 1, "digest": plan.digest, "seal": seal_of(plan), "plan": packed})
    text = f"```json\n{record}\n```\n"
    return text if len(text) <= limit else ""


def unsealed(seal: str, texts: Iterable[str], folder: Path | None) -> Plan | None:
    """The plan that the seal is of: from the texts, else from a `*.json` in the folder. None if it is in none of them."""
    if not is_seal(seal):
        return None
    for text in texts:
        for record in _FENCE.findall(text):
            if (document := _unpacked(record)) is not None and (plan := _opened(seal, document)) is not None:
                return plan
    for path in sorted(folder.rglob("*.json")) if folder is not None else ():
        if (
            path.is_file()
            and path.stat().st_size <= _LARGEST
            and (plan := _opened(seal, path.read_bytes())) is not None
        ):
            return plan
    return None


def _unpacked(record: str) -> bytes | None:
    """The bytes in a record that anybody may have written; None if they are none."""
    try:
        packed = b64decode(str(json.loads(record)["plan"]), validate=True)
        unpacking = zlib.decompressobj()
        document = unpacking.decompress(packed, _LARGEST)
    except (ValueError, KeyError, TypeError, RecursionError, zlib.error):
        return None
    return document if unpacking.eof else None


def _opened(seal: str, document: bytes) -> Plan | None:
    if f"sha256:{sha256(document).hexdigest()}" != seal:
        return None
    try:
        return plan_from_json(document.decode("utf-8"), source="the reviewed plan")
    except (DocumentError, UnicodeDecodeError):  # sealed by another version of vend
        return None
