"""Doctests of modules that import an extra are left out where it is not installed."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["genesis_sampling/networks/*"]
