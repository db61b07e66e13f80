"""Sections as Markdown, with tables as GitHub writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from ._page import Block, CodeBlock, Items, Section, TableBlock, Text
from ._words import clean, one_line

__all__ = ["markdown_page"]

# What Markdown would read as more than text. An underscore inside a word is none of it.
SPECIAL = re.compile(r"([\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_]))")
NAMES = {"warning": "Warning", "advice": "Advice", "fine": "Good"}


def markdown_page(title: str, sections: Sequence[Section]) -> str:
    """The whole text; pictures have no place in it."""
    parts = [f"# {_text(title)}"]
    for section in sections:
        parts += [f"## {_text(section.title)}", *filter(None, map(_block, section.blocks))]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    match block:
        case Text():
            return _text(block.text)
        case Items():
            return "\n".join(f"- **{NAMES[block.kind]}**: {_text(entry)}" for entry in block.entries)
        case TableBlock():
            return _table(block)
        case CodeBlock():
            return _code(block)
    return ""


def _code(block: CodeBlock) -> str:
    # A fence is longer than any run of its sign inside.
    code = clean(block.code)
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", code)), default=0))
    return f"**{_text(block.caption)}**\n\n{fence}python\n{code}\n{fence}"


def _table(block: TableBlock) -> str:
    rules = ["---:" if at in block.numbers else "---" for at in range(len(block.header))]
    rows = [block.header, *block.rows]
    lines = [f"| {' | '.join(map(_text, row))} |" for row in rows]
    lines.insert(1, f"| {' | '.join(rules)} |")
    return "\n".join([f"**{_text(block.caption)}**", "", *lines])


def _text(value: Any) -> str:
    """Any value as one line of text that is nothing but text."""
    return SPECIAL.sub(r"\\\1", escape(one_line(value), quote=False))
