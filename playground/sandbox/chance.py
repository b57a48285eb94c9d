"""Chance that repeats itself: everything the sandbox makes up comes from a seed."""

import hashlib
import random


def chance(source: int | str) -> random.Random:
    """A generator that always gives the same numbers for the same source; never for secrets."""
    if isinstance(source, str):
        return random.Random(hashlib.sha256(source.encode(errors="surrogatepass")).digest())  # noqa: S311
    return random.Random(source)  # noqa: S311
