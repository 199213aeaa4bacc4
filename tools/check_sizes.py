"""Fail when a module of the product is over 300 lines or a function over 40: the tail is where bad hours come from."""

import ast
import sys
from pathlib import Path

MODULE_LINES = 300
FUNCTION_LINES = 40


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring: explaining is never too long."""
    length = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def problems(path: Path) -> list[str]:
    text = path.read_text()
    found = []
    if (lines := len(text.splitlines())) > MODULE_LINES:
        found.append(f"{path}:1: module of {lines} lines; at most {MODULE_LINES}")
    found += [
        f"{path}:{node.lineno}: function {node.name} of {length} lines; at most {FUNCTION_LINES}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (length := _body_lines(node)) > FUNCTION_LINES
    ]
    return found


def main() -> int:
    found = [line for path in sorted(Path("pipeline").rglob("*.py")) for line in problems(path)]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
