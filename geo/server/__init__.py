"""The private PostGIS server: made under `var/` on first use, started on need.

`ensure_running` and `stop` are for programs, `shutdown` and `status` for the
command line, `temporary_cluster` for tests. `docs/server.md` tells where the
files lie and who may connect.
"""

from geo.server.cluster import Cluster, Status, ensure_running, shutdown, status, stop
from geo.server.temporary import temporary_cluster

__all__ = ["Cluster", "Status", "ensure_running", "shutdown", "status", "stop", "temporary_cluster"]
