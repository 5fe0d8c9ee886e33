"""Tiles out of the database by the shortest way, and the ones asked for last kept in memory."""

from __future__ import annotations

import gzip
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import psycopg
from psycopg.errors import QueryCanceled
from psycopg_pool import ConnectionPool, PoolTimeout
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from geo.repository.tiles import CHANGES, TileQuery
from geo.scope import WHOLE_SITE, Scope
from web.database import THREADS
from web.tiles.layers import LAYERS

TELL_SCOPE = "SELECT set_config('app.scope', %s, true)"
WAIT_S = 5.0
# No tile takes a tenth of this; one that did would hold up the others.
LONGEST_S = 10
# One plan for all tiles of a layer: planned anew, a street tile takes a third longer and looks the same.
OPTIONS = (
    f"-c timezone=UTC -c jit=off -c plan_cache_mode=force_generic_plan -c statement_timeout={LONGEST_S}s"
)
# A change is seen within this time; every tile asks, so not every one may ask the database.
KEPT_S = 1.0
KEPT_BYTES = 64 * 1024**2
# What an entry takes besides its tile, roughly.
_ENTRY_BYTES = 600
_LEVEL = 1


@dataclass
class Content:
    """One tile as it is, and compressed once somebody has asked for it so."""

    plain: bytes
    zipped: bytes | None = None

    def compressed(self) -> bytes:
        """The tile as gzip has it."""
        if self.zipped is None:
            self.zipped = gzip.compress(self.plain, _LEVEL, mtime=0)
        return self.zipped


class Kept:
    """Tiles by what they show, the ones asked for last, in a bounded number of bytes."""

    def __init__(self, most_bytes: int = KEPT_BYTES) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._tiles: OrderedDict[Hashable, Content] = OrderedDict()
        self._bytes = 0

    def get(self, name: Hashable) -> Content | None:
        """The tile of that name, if it is kept."""
        with self._lock:
            found = self._tiles.get(name)
            if found is not None:
                self._tiles.move_to_end(name)
            return found

    def keep(self, name: Hashable, tile: Content) -> None:
        """Keep a tile, and let go of those not asked for the longest time."""
        with self._lock:
            self._drop(name)
            self._tiles[name] = tile
            self._bytes += _size(tile)
            while self._bytes > self._most:
                self._drop(next(iter(self._tiles)))

    def _drop(self, name: Hashable) -> None:
        old = self._tiles.pop(name, None)
        if old is not None:
            self._bytes -= _size(old)


def _size(tile: Content) -> int:
    # Compressed it takes less than half of it again.
    return _ENTRY_BYTES + len(tile.plain) * 3 // 2


class Source:
    """The database as the tiles see it: a pool of connections of its own, and how often tables were changed.

    Parameters
    ----------
    engine : Engine
        Of the program's role.
    """

    def __init__(self, engine: Engine, kept_bytes: int = KEPT_BYTES) -> None:
        self.kept = Kept(kept_bytes)
        # Opened by the first tile: a process that forks afterwards would share its sockets.
        self._pool = ConnectionPool(
            engine.url.set(drivername="postgresql").render_as_string(hide_password=False),
            # All at once: a fresh connection needs longer for its first tile than for a hundred others.
            min_size=THREADS,
            timeout=WAIT_S,
            kwargs={"autocommit": True, "options": OPTIONS},
            open=False,
            name="tiles",
        )
        self._opening = threading.Lock()
        self._asking = threading.Lock()
        self._revisions: Mapping[str, str] = {}
        self._revised_until = 0.0

    def tile(self, query: TileQuery, scope: Scope) -> bytes:
        """One tile, as much of it as lies in the scope."""
        return cast(bytes, self._ask(scope, query.sql, query.parameters)[0][0])

    def revisions(self) -> Mapping[str, str]:
        """Of every layer a text that changes with its tables, as they were at most `KEPT_S` ago."""
        if time.monotonic() >= self._revised_until:
            # One asks, the others wait for the answer.
            with self._asking:
                if time.monotonic() >= self._revised_until:
                    # Taken before the answer: what is committed while it comes must not be missed.
                    until = time.monotonic() + KEPT_S
                    rows = self._ask(WHOLE_SITE, CHANGES, {})
                    counts = {table: count for table, count, _ in rows}
                    origin = max((number for _, _, number in rows), default=0)
                    self._revisions = {
                        name: f"{origin:x}-{sum(counts.get(table, 0) for table in layer.tables)}"
                        for name, layer in LAYERS.items()
                    }
                    self._revised_until = until
        return self._revisions

    def forget(self) -> None:
        """Ask for revisions anew with the next tile."""
        self._revised_until = 0.0

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def _ask(self, scope: Scope, sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        self._open()

        def ask() -> list[tuple[Any, ...]]:
            with self._pool.connection() as connection:
                # Until the end of the pipeline is one transaction, so the scope is told for this alone; and
                # one way to the server and back.
                with connection.pipeline():
                    connection.execute(TELL_SCOPE, [scope.text])
                    answer = connection.execute(sql, parameters, binary=True)
                return answer.fetchall()

        return _twice(ask, self._pool.check)

    def _open(self) -> None:
        if self._pool.closed:
            with self._opening:
                if self._pool.closed:
                    self._pool.open()


def _twice(ask: Callable[[], Any], renew: Callable[[], None]) -> Any:
    """The answer; asked for again on a fresh connection when the server was started anew since the last."""
    try:
        try:
            return ask()
        except (PoolTimeout, QueryCanceled):
            raise
        except psycopg.OperationalError:
            renew()
            return ask()
    except psycopg.OperationalError as error:
        # As the rest of the program meets a database that is away.
        raise OperationalError("a tile", {}, error) from error
