"""Where genint keeps what it can make or get again."""

import os
from pathlib import Path


def user_cache() -> Path | None:
    """`genint` in the user's cache folder ($XDG_CACHE_HOME, or ~/.cache), there or not; None without a home."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "genint"
    except RuntimeError:
        return None
