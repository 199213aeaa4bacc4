"""JSON as a type, and its one canonical text."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def canonical(value: Json) -> str:
    """The same text for the same value: sorted keys, no spaces, UTF-8 kept readable."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: Json) -> str:
    """SHA-256 of the canonical text, 64 hexadecimal characters."""
    # JSON from elsewhere may carry half of a surrogate pair; it has a digest like any other text.
    return sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()
