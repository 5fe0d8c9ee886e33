"""Texts met so far in a file that is read in parts."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

# Two texts of one digest are not met: among a million the chance is below 10^-26.
_DIGEST_BYTES = 16


class Seen:
    """Which texts were met, and in which row first; 24 bytes a text, however long it is."""

    def __init__(self) -> None:
        self._parts: list[tuple[NDArray[np.void], NDArray[np.int64]]] = []

    def first(self, texts: Sequence[str], rows: Sequence[int]) -> list[int]:
        """Row in which each text was met first, its own for one that is new; new ones count from now on."""
        if not texts:
            return []
        joined = b"".join(
            blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()
            for text in texts
        )
        digests = np.frombuffer(joined, dtype=f"S{_DIGEST_BYTES}")
        unique, where, which = np.unique(digests, return_index=True, return_inverse=True)
        first = np.asarray(rows, dtype=np.int64)[where]
        new = np.ones(len(unique), dtype=np.bool_)
        for known, known_rows in self._parts:
            at = np.minimum(np.searchsorted(known, unique), len(known) - 1)
            met = known[at] == unique
            first[met] = known_rows[at[met]]
            new &= ~met
        if new.any():
            self._parts.append((unique[new], first[new]))
        return [int(row) for row in first[which]]
