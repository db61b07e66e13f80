"""Examples that need an extra are left out where it is not installed."""

from importlib.util import find_spec

# Module of an extra -> files whose examples need it.
NEEDED = {
    "torch": [
        "genesis_sampling/networks/*",
        *(f"genesis_sampling/generators/{name}.py" for name in ("ctgan", "diffusion", "tvae")),
        *(f"docs/user_guide/{name}.rst" for name in ("ctgan", "diffusion", "tvae")),
    ],
    "kornia": ["genesis_sampling/samplers/image.py", "docs/user_guide/image.rst"],
    "audiomentations": ["genesis_sampling/samplers/audio.py", "docs/user_guide/audio.rst"],
}

collect_ignore_glob = [name for module, names in NEEDED.items() if not find_spec(module) for name in names]
