"""``python -m genesis_sampling`` is the command ``genesis``."""

from .cli import main

if __name__ == "__main__":
    main()
