"""Eight browsers asking one server for the same things, and how long each answer took."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CLIENTS = 8


@dataclass(frozen=True)
class Load:
    """What came of it.

    Parameters
    ----------
    per_s : float
        Answers a second, of all clients together.
    p50_ms, p99_ms : float
        From the request to the last byte.
    bytes : int
        Of all bodies.
    """

    per_s: float
    p50_ms: float
    p99_ms: float
    bytes: int


class _Client:
    """One connection kept open, as a browser does; nothing more than HTTP/1.1 needs, to leave the processors
    to the servers."""

    def __init__(self, port: int, headers: str) -> None:
        self._address = ("127.0.0.1", port)
        self._headers = headers
        self._socket = socket.create_connection(self._address)

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._address[1]}\r\n{self._headers}\r\n".encode()
        self._socket.sendall(request)
        head, body = b"", b""
        while not body and b"\r\n\r\n" not in head:
            part = self._socket.recv(65536)
            if not part:
                # Closed after a pause: once more on a new connection.
                self._socket = socket.create_connection(self._address)
                return self.get(path)
            head += part
        head, body = head.split(b"\r\n\r\n", 1)
        status = int(head[9:12])
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"), 0
        )
        parts, missing = [body], length - len(body)
        while missing > 0:
            part = self._socket.recv(262144)
            parts.append(part)
            missing -= len(part)
        return status, b"".join(parts)

    def close(self) -> None:
        self._socket.close()


def ask_once(port: int, path: str, headers: str = "") -> tuple[int, bytes]:
    """Status and body of one address."""
    client = _Client(port, headers)
    try:
        return client.get(path)
    finally:
        client.close()


def load(port: int, paths: Sequence[str], headers: str = "", clients: int = CLIENTS) -> Load:
    """Every path asked for once, by whichever client is free.

    Parameters
    ----------
    port : int
        Of the server on this machine.
    paths : sequence of str
    headers : str
        Lines that end in CR LF.
    clients : int

    Raises
    ------
    RuntimeError
        When an answer is neither 200 nor 204.
    """
    waiting = iter(paths)
    lock = threading.Lock()
    took: list[float] = []
    sizes: list[int] = []
    wrong: list[str] = []

    def work(client: _Client) -> None:
        while not wrong:
            with lock:
                path = next(waiting, None)
            if path is None:
                break
            began = time.perf_counter()
            status, body = client.get(path)
            took.append(time.perf_counter() - began)
            sizes.append(len(body))
            if status not in (200, 204):
                wrong.append(f"{path}: {status} {body[:300]!r}")
        client.close()

    threads = [threading.Thread(target=work, args=(_Client(port, headers),)) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if wrong:
        raise RuntimeError(wrong[0])
    ms = 1000 * np.array(took)
    return Load(len(took) / seconds, float(np.percentile(ms, 50)), float(np.percentile(ms, 99)), sum(sizes))
