"""Numbers in addresses: those that a key of the database can be."""

from __future__ import annotations

from werkzeug.routing import IntegerConverter, ValidationError

HIGHEST_KEY = 2**63 - 1


class KeyConverter(IntegerConverter):
    """`<int:…>` for all views: what is higher than any key is the address of nothing, and not found."""

    def to_python(self, value: str) -> int:
        """The number, when a key can be that high."""
        if len(value) > len(str(HIGHEST_KEY)) or int(value) > HIGHEST_KEY:
            raise ValidationError
        return int(super().to_python(value))
