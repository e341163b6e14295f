"""Make Hypothesis draw the same values for the same seed, whatever this process has imported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


@contextmanager
def steady() -> Iterator[None]:
    """Keep Hypothesis from drawing constants that it found in the source of imported modules.

    With them another order of tests, or a checkout in place of a wheel, would be another run.
    """
    from hypothesis.internal.conjecture import providers
    from hypothesis.internal.constants_ast import Constants

    with patch.object(providers, "_get_local_constants", Constants):
        providers.CONSTANTS_CACHE.cache.clear()
        try:
            yield
        finally:
            providers.CONSTANTS_CACHE.cache.clear()
