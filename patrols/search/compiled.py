"""How the functions of the search are compiled."""

from __future__ import annotations

from typing import Any

from numba import njit

# Counting references to the arrays in a tuple takes ten to a hundred times what the loops themselves take.
# These functions allocate nothing and keep nothing, and whoever calls them holds the arrays: so they need
# not count. The option is Numba's own (0.68), though not among those it documents; a release without it
# refuses to compile.
UNCOUNTED: dict[str, Any] = {"_nrt": False}
uncounted = njit(nogil=True, cache=True, **UNCOUNTED)
uncounted_inline = njit(nogil=True, cache=True, inline="always", **UNCOUNTED)
counted = njit(nogil=True, cache=True)
