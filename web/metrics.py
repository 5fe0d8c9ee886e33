"""Figures of the running server for Prometheus: requests by view and status, and how long they took."""

from __future__ import annotations

from flask import Request, Response
from prometheus_client import Counter, Histogram

REQUESTS = Counter("lianfang_requests_total", "Requests answered", ("endpoint", "method", "status"))
SECONDS = Histogram(
    "lianfang_request_seconds",
    "Time to answer a request",
    ("endpoint",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def count_request(request: Request, response: Response, seconds: float) -> None:
    """Count one answered request. The endpoint's name, not the path: paths are without number."""
    endpoint = request.endpoint or "none"
    REQUESTS.labels(endpoint, request.method, str(response.status_code)).inc()
    SECONDS.labels(endpoint).observe(seconds)
