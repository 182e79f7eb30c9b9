"""Counts the lines of code of a folder."""

import ast
import io
import tokenize
from pathlib import Path

EMPTY = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def count_code_lines(folder: Path) -> int:
    """Count the lines of its Python and Lua files that are neither blank, comment nor docstring."""
    python = sum(_count(path.read_text(encoding="utf-8")) for path in folder.glob("*.py"))
    return python + sum(
        _count_lua(path.read_text(encoding="utf-8")) for path in folder.glob("*.lua")
    )


def _count_lua(source: str) -> int:
    lines = map(str.strip, source.splitlines())
    return sum(bool(line) and not line.startswith("--") for line in lines)


def _count(source: str) -> int:
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in EMPTY:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)
