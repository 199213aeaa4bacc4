"""Slim GitHub's published OpenAPI description to the operations that pipeline.forges uses, as JSON Schema.

    npm pack @octokit/openapi          # MIT licence; generated/api.github.com.json is in it
    python tools/slim_github_openapi.py api.github.com.json VERSION > tests/forges/github.openapi.json

What is kept of an operation: its parameters in the query, the schema of what it takes, and schema and first example of its good
answer. `nullable` of OpenAPI 3.0 becomes a type of JSON Schema; texts for people are left out.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPO = "/repos/{owner}/{repo}"
OPERATIONS = (
    ("get", f"{REPO}/pulls"),
    ("post", f"{REPO}/pulls"),
    ("get", f"{REPO}/pulls/{{pull_number}}"),
    ("get", f"{REPO}/pulls/{{pull_number}}/files"),
    ("get", f"{REPO}/commits"),
    ("get", f"{REPO}/commits/{{commit_sha}}/pulls"),
    ("get", f"{REPO}/commits/{{ref}}/check-runs"),
    ("post", f"{REPO}/check-runs"),
    ("patch", f"{REPO}/check-runs/{{check_run_id}}"),
    ("get", f"{REPO}/issues"),
    ("post", f"{REPO}/issues"),
    ("patch", f"{REPO}/issues/{{issue_number}}"),
    ("get", f"{REPO}/issues/{{issue_number}}/comments"),
    ("post", f"{REPO}/issues/{{issue_number}}/comments"),
    ("get", f"{REPO}/issues/comments/{{comment_id}}"),
    ("patch", f"{REPO}/issues/comments/{{comment_id}}"),
    ("delete", f"{REPO}/issues/comments/{{comment_id}}"),
)
GOOD = ("200", "201", "204")
PROSE = frozenset({"description", "example", "examples", "title", "deprecated", "externalDocs"})


def main() -> None:
    whole = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    operations = [_operation(whole, method, path) for method, path in OPERATIONS]
    schemas: dict[str, Any] = {}
    wanted = set(_references(operations))
    while wanted:
        name = wanted.pop()
        schemas[name] = _json_schema(whole["components"]["schemas"][name])
        wanted |= set(_references(schemas[name])) - schemas.keys()
    document = {
        "source": f"npm @octokit/openapi {sys.argv[2]}, generated/api.github.com.json, slimmed by tools/slim_github_openapi.py",
        "licence": "MIT License, Copyright (c) 2020 Octokit contributors",
        "operations": operations,
        "schemas": dict(sorted(schemas.items())),
    }
    sys.stdout.write(json.dumps(document, separators=(",", ":"), sort_keys=True) + "\n")


def _operation(whole: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    found = whole["paths"][path][method]
    parameters = [
        _resolved(whole, each) for each in (*whole["paths"][path].get("parameters", ()), *found["parameters"])
    ]
    status, answer = next((code, found["responses"][code]) for code in GOOD if code in found["responses"])
    content = answer.get("content", {}).get("application/json", {})
    examples = [_resolved(whole, each) for each in content.get("examples", {}).values()]
    body = found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return {
        "method": method.upper(),
        "path": path,
        "query": {each["name"]: _json_schema(each["schema"]) for each in parameters if each["in"] == "query"},
        "body": None if body is None else _json_schema(body),
        "status": int(status),
        "answer": _json_schema(content["schema"]) if content else None,
        "example": examples[0]["value"] if examples else None,
    }


def _resolved(whole: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        kind, name = node["$ref"].split("/")[-2:]
        node = whole["components"][kind][name]
    return node


def _json_schema(node: Any) -> Any:
    if isinstance(node, list):
        return [_json_schema(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: _json_schema(value) for key, value in node.items() if not _is_prose(key, value)}
    nullable = made.pop("nullable", False)
    if isinstance(made.get("$ref"), str):
        made = {"$ref": "#/schemas/" + made["$ref"].rsplit("/", 1)[-1]}
    return {"anyOf": [made, {"type": "null"}]} if nullable is True else made


def _is_prose(key: str, value: Any) -> bool:
    """A property may be called "description": then its value is a schema."""
    return key.startswith("x-") or (key in PROSE and not (isinstance(value, dict) and _looks_like_schema(value)))


def _looks_like_schema(value: dict[str, Any]) -> bool:
    return bool(value.keys() & {"type", "$ref", "anyOf", "oneOf", "allOf", "nullable"})


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _references(each)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str) and node["$ref"].startswith("#/schemas/"):
            yield node["$ref"].rsplit("/", 1)[-1]
        for value in node.values():
            yield from _references(value)


if __name__ == "__main__":
    main()
