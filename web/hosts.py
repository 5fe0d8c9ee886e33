"""Which machine a request comes from, and whether the server may answer it."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from urllib.parse import urlsplit

from flask import Request

from geo.errors import LianfangError

NAMES_OF_THIS_MACHINE = ("localhost", "localhost.localdomain", "ip6-localhost")


def loopback_host(host: str) -> str:
    """The host to listen on without a public address, if it can be reached from this machine only.

    Raises
    ------
    LianfangError
        For any other address, with what to do instead.
    """
    if not is_loopback(host):
        raise LianfangError(
            f"--host {host} can be reached from other machines, and passwords need https: put a reverse "
            "proxy with a certificate in front and name its address with --public-url https://…"
        )
    return host


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    name = host.strip().removeprefix("[").removesuffix("]").rstrip(".").lower()
    if name in NAMES_OF_THIS_MACHINE:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    # A socket for both families shows an IPv4 peer as ::ffff:127.0.0.1.
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def from_this_machine(request: Request) -> bool:
    """Whether a request began on this machine, as far as one can tell."""
    if not is_loopback(request.remote_addr or ""):
        return False
    if "Forwarded" in request.headers or "X-Forwarded-For" in request.headers:
        return False
    host = request.headers.get("Host", "")
    return is_loopback(host if host.endswith("]") else host.rsplit(":", 1)[0])


def from_elsewhere(request: Request, public_url: str | None) -> bool:
    """Whether a request must be refused for where it comes from.

    Without a public address only this machine is answered; with one, only requests for that host (and this
    machine's own, for health checks).
    """
    if public_url is None:
        return not from_this_machine(request)
    return request.host.lower() != urlsplit(public_url).netloc.lower() and not from_this_machine(request)
