"""What hypothesis draws, made to follow from the seed alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


@contextmanager
def steady() -> Iterator[None]:
    """Let the same seed give the same draws whatever else this process has imported.

    Now and then hypothesis draws a constant that it found in the source of an imported module, if that is no installed
    one: so another order of tests, or a checkout in place of a wheel, would be another run.
    """
    from hypothesis.internal.conjecture import providers
    from hypothesis.internal.constants_ast import Constants

    with patch.object(providers, "_get_local_constants", Constants):
        providers.CONSTANTS_CACHE.cache.clear()
        try:
            yield
        finally:
            providers.CONSTANTS_CACHE.cache.clear()
