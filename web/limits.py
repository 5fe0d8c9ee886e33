"""How often one machine, or one name, may try something."""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

# Counted in each web worker's memory: a second worker doubles the limits, which stay far below guessing.
limiter = Limiter(get_remote_address, storage_uri="memory://", headers_enabled=True)
