"""A camera on this machine: RTSP 1.0 (RFC 2326) with RTP over the same connection, one client at a time.

It sends an MPEG transport stream in RTP (RFC 2250, payload type 33) at the pace of a camera, and then does
what cameras do: it stops in the middle without a word, or it closes the connection.
"""

from __future__ import annotations

import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_PACKETS = 7 * 188
_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 33\r\na=control:track1\r\n"
)


@contextmanager
def camera(content: bytes, *, seconds: float, silent_s: float = 0.0) -> Iterator[tuple[str, list[str]]]:
    """(Address, requests so far) of a camera that plays `content` in so many seconds to each client.

    After that it says nothing for `silent_s` and closes the connection.
    """
    requests: list[str] = []

    class Connection(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while True:
                head = []
                while line := self.rfile.readline().strip().decode():
                    head.append(line)
                if not head:
                    return
                method = head[0].split()[0]
                requests.append(method)
                number = next(line for line in head if line.lower().startswith("cseq:"))
                told = {
                    "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
                    "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(_SDP)}\r\n",
                    "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n",
                    "PLAY": "Session: 1\r\n",
                }.get(method, "")
                body = _SDP if method == "DESCRIBE" else ""
                self.wfile.write(f"RTSP/1.0 200 OK\r\n{number}\r\n{told}\r\n{body}".encode())
                if method == "PLAY":
                    try:
                        self.play()
                    except OSError:
                        return
                    return
                if method == "TEARDOWN":
                    return

        def play(self) -> None:
            count = -(-len(content) // _PACKETS)
            for n in range(count):
                payload = content[n * _PACKETS : (n + 1) * _PACKETS]
                stamp = int(n * seconds / count * 90_000)
                packet = struct.pack(">BBHII", 0x80, 33, n & 0xFFFF, stamp, 1) + payload
                self.wfile.write(b"$\0" + struct.pack(">H", len(packet)) + packet)
                time.sleep(seconds / count)
            time.sleep(silent_s)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Connection) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"rtsp://user:secret@127.0.0.1:{server.server_address[1]}/h264", requests
        finally:
            server.shutdown()
