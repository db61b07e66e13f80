"""Sections as one HTML file that needs nothing from elsewhere, and runs nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any

from ..tables._atomic import atomic_output
from ._page import Block, CodeBlock, Items, Marked, PictureBlock, Section, TableBlock, Text
from ._words import clean

__all__ = ["html_fragment", "html_page"]

STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1f2328; --soft: #59636e; --paper: #ffffff; --card: #f6f8fa; --line: #d0d7de;
  --warning: #9a6700; --advice: #0550ae; --fine: #1a7f37;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6edf3; --soft: #9198a1; --paper: #0d1117; --card: #161b22; --line: #3d444d;
    --warning: #d29922; --advice: #58a6ff; --fine: #3fb950;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.25rem 0 .75rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
p, li { max-width: 46rem; overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; list-style: none; margin: 0; padding: 0; }
a { color: var(--advice); }
.box { overflow-x: auto; margin: 1rem 0; }
.box:focus-visible { outline: 2px solid var(--advice); }
table { border-collapse: collapse; font-size: .94rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; white-space: nowrap; font-weight: 600; padding-bottom: .35rem; }
th, td {
  text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line);
  unicode-bidi: isolate;
}
thead th { color: var(--soft); font-weight: 500; white-space: nowrap; }
tbody th { font-weight: 500; min-width: 8rem; max-width: 24rem; overflow-wrap: anywhere; }
td { max-width: 30rem; overflow-wrap: anywhere; }
th.number, td.number { text-align: right; white-space: nowrap; overflow-wrap: normal; }
/* Not by colour alone. */
del { color: var(--soft); text-decoration: line-through; }
ins { color: var(--advice); text-decoration: underline; font-weight: 600; }
ul.note { list-style: none; padding: 0; }
ul.note li { border-left: 4px solid; background: var(--card); padding: .5rem .8rem; margin: .5rem 0; }
ul.warning li { border-color: var(--warning); }
ul.advice li { border-color: var(--advice); }
ul.fine li { border-color: var(--fine); }
ul.note strong { margin-right: .35rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .35rem; }
pre {
  overflow-x: auto; margin: .35rem 0 1rem; padding: .7rem .9rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 6px; font: .86rem/1.5 ui-monospace, Consolas, Menlo, monospace;
}
pre:focus-visible { outline: 2px solid var(--advice); }
figure { margin: 1.25rem 0; }
figcaption { font-weight: 600; margin-bottom: .35rem; }
figure .box {
  margin: 0; width: fit-content; max-width: 100%; border: 1px solid var(--line); border-radius: 6px;
}
figure img { display: block; max-width: 100%; height: auto; }
@media screen and (max-width: 40rem) {
  main { padding: 1rem .9rem 2rem; }
  /* A picture of several panels would be too small to read: it scrolls in its own box. */
  figure img.wide { max-width: none; width: 44rem; }
}
@media print {
  nav { display: none; }
  main { max-width: none; padding: 0; }
  h2 { break-after: avoid; }
  .box { overflow: visible; }
  /* A page cannot be scrolled: tables are set small and their lines broken, numbers between words alone. */
  table { font-size: .72rem; }
  th, td { padding-right: .4rem; }
  caption, thead th, th.number, td.number { white-space: normal; }
  caption, thead th { overflow-wrap: anywhere; }
  tbody th { min-width: 5rem; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  table, figure, li { break-inside: avoid; }
}
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
NAMES = {"warning": "Warning.", "advice": "Advice.", "fine": "Good."}
MARKS = {"gone": "del", "new": "ins"}
COLUMN, ROW = 'th scope="col"', 'th scope="row"'
# Pixels above which a picture has several panels beside each other.
WIDE = 800


def html_page(title: str, sections: Sequence[Section], path: str | PathLike[str] | None = None) -> str:
    """The whole file; with a path it is written there too, and appears whole or not at all."""
    links = "".join(f'<li><a href="#{_text(part.key)}">{_text(part.title)}</a></li>' for part in sections)
    parts = "\n".join(map(_section, sections))
    text = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{_text(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{_text(title)}</h1>
<nav aria-label="Sections"><ul>{links}</ul></nav>
{parts}
</main>
</body>
</html>
"""
    if path is not None:
        with atomic_output(Path(path)) as stream:
            stream.write(text.encode())
    return text


def html_fragment(sections: Sequence[Section]) -> str:
    """The blocks alone, for a page with a style of its own, such as a notebook."""
    blocks = "\n".join(_block(block) for section in sections for block in section.blocks)
    return f"<div>\n{blocks}\n</div>"


def _section(section: Section) -> str:
    blocks = "\n".join(map(_block, section.blocks))
    return (
        f'<section aria-labelledby="{_text(section.key)}">\n'
        f'<h2 id="{_text(section.key)}">{_text(section.title)}</h2>\n{blocks}\n</section>'
    )


def _block(block: Block) -> str:
    match block:
        case Text():
            return f"<p>{_text(block.text)}</p>"
        case Items():
            name = NAMES[block.kind]
            entries = "".join(f"<li><strong>{name}</strong> {_text(entry)}</li>" for entry in block.entries)
            return f'<ul class="note {_text(block.kind)}">{entries}</ul>'
        case TableBlock():
            return _table(block)
        case PictureBlock():
            return _picture(block)
        case CodeBlock():
            lines = "\n".join(map(_text, block.code.splitlines()))
            return f'<h3>{_text(block.caption)}</h3>\n<pre tabindex="0"><code>{lines}</code></pre>'


def _table(block: TableBlock) -> str:
    def cells(values: Sequence[str | Marked], first: str, other: str) -> str:
        tags = [first] + [other] * (len(values) - 1)
        kinds = [' class="number"' if at in block.numbers else "" for at in range(len(values))]
        return "".join(
            f"<{tag}{kind}>{_cell(value)}</{tag[:2]}>" for tag, kind, value in zip(tags, kinds, values)
        )

    header = cells(block.header, COLUMN, COLUMN)
    # A text with marks is no name of its row.
    rows = "\n".join(
        f"<tr>{cells(row, 'td' if isinstance(row[0], Marked) else ROW, 'td')}</tr>" for row in block.rows
    )
    caption = _text(block.caption)
    # A box that scrolls can be reached by keyboard, so it needs a name.
    return (
        f'<div class="box" role="region" aria-label="{caption}" tabindex="0"><table>\n<caption>{caption}</caption>\n'
        f"<thead><tr>{header}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>"
    )


def _cell(value: str | Marked) -> str:
    if not isinstance(value, Marked):
        return _text(value)
    return "".join(
        f"<{MARKS[mark]}>{_text(text)}</{MARKS[mark]}>" if mark else _text(text) for text, mark in value.parts
    )


def _picture(block: PictureBlock) -> str:
    picture, caption = block.picture, _text(block.caption)
    wide = ' class="wide"' if picture.width > WIDE else ""
    return (
        f'<figure><figcaption>{caption}</figcaption><div class="box" role="region" aria-label="{caption}" tabindex="0">'
        f'<picture><source media="screen and (prefers-color-scheme: dark)" srcset="{_data(picture.dark)}">'
        f'<img{wide} src="{_data(picture.light)}" width="{picture.width}" height="{picture.height}" '
        f'alt="{_text(picture.description)}"></picture></div></figure>'
    )


def _data(png: bytes) -> str:
    return f"data:image/png;base64,{b64encode(png).decode('ascii')}"


def _text(value: Any) -> str:
    """Any value as text that is nothing but text, in elements and in quoted attributes."""
    return escape(clean(value), quote=True)
