"""What a recording was made for."""

from __future__ import annotations

from typing import Final

#: In the order of their numbers; the words are those of GB/T 28181 (Type of RecordInfo).
KINDS: Final = ("unknown", "time", "alarm", "manual")
