"""Examples that need an extra are left out where it is not installed."""

from importlib.util import find_spec

NEED_TORCH = [
    "genesis_sampling/networks/*",
    *(f"genesis_sampling/generators/{name}.py" for name in ("ctgan", "diffusion", "tvae")),
    *(f"docs/user_guide/{name}.rst" for name in ("ctgan", "diffusion", "tvae")),
]

collect_ignore_glob = [] if find_spec("torch") else NEED_TORCH
