"""Configuration of the documentation; it builds offline, and a warning is an error (`make docs`)."""

import sys
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

project = "genesis-sampling"
author = "The genesis-sampling developers"
copyright = f"2026, {author}"
release = installed_version("genesis-sampling")
version = release

extensions = [
    "catalogue",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "myst_parser",
]
exclude_patterns = ["_build", "_ext", "_templates"]
templates_path = ["_templates"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
default_role = "literal"

autosummary_generate = True
autosummary_generate_overwrite = True
autodoc_typehints = "none"
numpydoc_show_class_members = False

# Gallery scripts that need an extra are shown, but not run, where it is not installed.
NEEDED = {"images": "kornia", "image_generators": "torch", "audio": "audiomentations"}
missing = [name for name, module in NEEDED.items() if not find_spec(module)]

sphinx_gallery_conf = {
    "filename_pattern": r"[/\\]plot_(?!(" + "|".join(missing or ["$"]) + r")\.py)",
    "examples_dirs": str(HERE.parent / "examples" / "gallery"),
    "gallery_dirs": "auto_examples",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_signature": False,
    "within_subsection_order": "FileNameSortKey",
}

html_theme = "pydata_sphinx_theme"
html_title = "genesis-sampling"
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "show_prev_next": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
html_sidebars = {"install": [], "changelog": []}
html_show_sourcelink = False
