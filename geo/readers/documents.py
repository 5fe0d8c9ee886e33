"""XML documents that follow each other in one file: no more of a file is in memory than a block of it.

What devices send is stored as it came, one document after another, in UTF-8 or GB 18030 whatever their
declarations say, since devices often say the other.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, Generic, Protocol, TypeVar
from xml.parsers import expat

BLOCK_BYTES: Final = 1 << 18
_DECLARATION: Final = "<?xml"
# A declaration that has not ended by then is none.
_LONGEST_DECLARATION: Final = 1000
_LONGEST_TEXT: Final = 1 << 20
# What is read behind the end of a document is read again by the next parser: not a block each time.
_PIECE: Final = 4096
# So much of what was read is kept: a document may begin in it, which shows when the one before breaks off.
_KEPT: Final = 4096
_DEEPEST: Final = 200
_NOTHING: Final = expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS]
_MISPLACED: Final = expat.errors.codes[expat.errors.XML_ERROR_MISPLACED_XML_PI]


class Unsafe(Exception):
    """A document type: no device sends one, and through it a file can ask for others or for all memory."""


class Broken(Exception):
    """Why a document cannot be used; its argument says it in words."""


class Collector(Protocol):
    """Who writes down what a document says. Either method may raise `Broken`."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, tag: str, text: str) -> None:
        """An element ends; its own text since its last child, without blanks around, of an over-long one the
        beginning."""


C = TypeVar("C", bound=Collector)


@dataclass
class Document(Generic[C]):
    """A document while it is read.

    Parameters
    ----------
    collector : Collector
    number : int
        Which of the file, from 1.
    ended : bool
        All of it was read.
    error : ExpatError or Broken, optional
        Why the rest of it is not read.
    """

    collector: C
    number: int
    ended: bool = False
    error: expat.ExpatError | Broken | None = None


def texts(
    stream: BinaryIO, encoding: str, *, errors: str = "strict", block_bytes: int = BLOCK_BYTES
) -> Iterator[str]:
    """The text of a stream, block by block."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    while block := stream.read(block_bytes):
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


class Documents(Generic[C]):
    """Text that comes in blocks, as the documents that follow each other in it.

    Parameters
    ----------
    begin : callable
        A new collector, for each document.
    again : pattern, optional
        Where the next document may begin, behind one that broke off or behind text that is none. Without it
        nothing is read after what cannot be read.
    """

    def __init__(self, begin: Callable[[], C], again: re.Pattern[str] | None = None) -> None:
        self._begin, self._again = begin, again
        self._document: Document[C] | None = None
        self._parser: expat.XMLParserType | None = None
        self._fed = 0
        self._before = b""
        self._waiting = ""
        self._count = 0
        self._lost = self._over = self._rooted = self._bare = False
        # What the handlers of a parser tell: where a tag begins, bytes of UTF-8, and whether any was called.
        self._at = self._depth = self._quiet = 0
        self._text: list[str] = []
        self._text_length = 0
        #: Stretches of text between documents that were passed over.
        self.passed = 0

    def feed(self, text: str) -> Iterator[Document[C]]:
        """The documents in some more text: each after every block, last when it has ended or broken.

        Raises
        ------
        Unsafe
        """
        for start in range(0, len(text), _PIECE):
            yield from self._fed_with(text[start : start + _PIECE])

    def _fed_with(self, text: str) -> Iterator[Document[C]]:
        self._waiting += text
        while self._waiting and not self._over:
            if self._lost and not self._found():
                return
            if self._document is None and not self._opens():
                if self._lost:
                    continue
                return
            yield self._parse()

    def close(self) -> Iterator[Document[C]]:
        """What is left when all text was fed: a document without an end, or a file without a document."""
        if self._over or self._lost:
            return
        if self._document is None and (self._waiting.strip() or not self._count):
            self._open()
            yield self._parse()
        if (document := self._document) is not None and self._parser is not None:
            try:
                self._parser.Parse(b"", True)
            except expat.ExpatError as error:
                # A comment after the last document is no document.
                if document.number > 1 and not self._rooted and error.code == _NOTHING:
                    return
                document.error = error
                yield document

    def _found(self) -> bool:
        """Go to where a document may begin; False while there is no such place."""
        assert self._again is not None
        place = self._again.search(self._waiting)
        if place is None:
            self._waiting = self._waiting[-_LONGEST_DECLARATION:].rpartition("<")[2]
            self._waiting = "<" + self._waiting if self._waiting else ""
            return False
        self._waiting, self._lost = self._waiting[place.start() :], False
        return True

    def _opens(self) -> bool:
        """Open a document where there is one, after its declaration; False while more must come to tell."""
        while True:
            text = self._waiting = self._waiting.lstrip()
            if not text.startswith(_DECLARATION):
                if _DECLARATION.startswith(text):
                    return False
                break
            end = text.find("?>")
            if end < 0 and len(text) < _LONGEST_DECLARATION:
                return False
            if not 0 <= end < _LONGEST_DECLARATION:
                break
            self._waiting = text[end + 2 :]
        if self._again is not None and not self._waiting.startswith("<"):
            self.passed += 1
            self._lost = True
            return False
        self._open()
        return True

    def _open(self) -> None:
        self._count += 1
        self._document = Document(self._begin(), self._count)
        self._fed = self._at = self._depth = self._quiet = self._text_length = 0
        self._text, self._rooted, self._before = [], False, b""
        # The encoding is known: what a declaration says of it does not count.
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data

    def _refuse(self, *_: object) -> None:
        raise Unsafe

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        assert self._document is not None and self._parser is not None
        self._at, self._quiet = self._parser.CurrentByteIndex, 0
        self._depth, self._bare, self._rooted = self._depth + 1, not self._rooted, True
        if self._depth > _DEEPEST:
            raise Broken(f"more than {_DEEPEST} elements in each other")
        self._text, self._text_length = [], 0
        self._document.collector.start(tag, attributes)

    def _end(self, tag: str) -> None:
        assert self._document is not None and self._parser is not None
        self._at, self._quiet = self._parser.CurrentByteIndex, 0
        self._depth -= 1
        said = "".join(self._text).strip()
        self._text, self._text_length = [], 0
        self._document.ended = not self._depth
        self._document.collector.end(tag, said)

    def _data(self, text: str) -> None:
        self._quiet, self._bare = 0, False
        # A picture may stand there as text, which nobody reads.
        if self._text_length <= _LONGEST_TEXT:
            self._text.append(text)
            self._text_length += len(text)

    def _parse(self) -> Document[C]:
        """Let the parser have what waits; what comes after the end of a document waits for the next one."""
        document, parser = self._document, self._parser
        assert document is not None and parser is not None
        content, self._waiting = self._waiting.encode("utf-8", "replace"), ""
        self._quiet += len(content)
        try:
            parser.Parse(content, False)
            if self._quiet > _LONGEST_TEXT + _PIECE:
                raise Broken(f"a tag or comment of more than {_LONGEST_TEXT} bytes")
        except (expat.ExpatError, Broken) as error:
            # What follows the end of a document is another one, for a parser of its own.
            if not document.ended or isinstance(error, Broken):
                at = parser.ErrorByteIndex if isinstance(error, expat.ExpatError) else self._at
                self._break(document, content, at, error)
                return document
        if document.ended:
            # The place is that of an end tag, which may have begun in the piece before; or that right after a
            # tag which is both, and then nothing stood in it.
            at = self._at - self._fed
            if not (self._bare and at >= 0 and (self._before + content[:at]).endswith(b"/>")):
                at = content.index(b">", max(0, at)) + 1
            self._leave(content[at:])
        self._fed += len(content)
        self._before = (self._before + content)[-_KEPT:]
        return document

    def _break(
        self, document: Document[C], content: bytes, at: int, error: expat.ExpatError | Broken
    ) -> None:
        if self._again is not None and not self._rooted and _code(error) == _MISPLACED:
            # A comment before the declaration of the next document is none itself.
            self.passed += 1
        else:
            document.error = error
        document.ended = False
        # At least a byte further than where the document began, or it would be begun again for ever. The next
        # one may begin in the piece before.
        known = self._before + content
        first = self._fed - len(self._before)
        self._leave(known[max(at, 1, first) - first :])
        self._lost, self._over = self._again is not None, self._again is None

    def _leave(self, rest: bytes) -> None:
        self._waiting = rest.decode("utf-8", "ignore")
        self._document = self._parser = None


def _code(error: expat.ExpatError | Broken) -> int | None:
    return error.code if isinstance(error, expat.ExpatError) else None
