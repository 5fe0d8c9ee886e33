"""Texts that come in UTF-8 or GB 18030 and do not say in which."""

from __future__ import annotations

import codecs
from typing import BinaryIO

_BLOCK_BYTES = 1 << 20
# GB 18030 text is hardly ever valid UTF-8, so the order tells them apart. It is what Chinese programs write
# when they do not write UTF-8.
_TRIED = ("utf-8-sig", "gb18030")


def encoding_of(source: BinaryIO) -> str | None:
    """The encoding in which all of a text makes sense, None for neither; the text is begun again after."""
    for encoding in _TRIED:
        decoder = codecs.getincrementaldecoder(encoding)()
        source.seek(0)
        try:
            while block := source.read(_BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        source.seek(0)
        return encoding
    return None
