"""Ground that is usually watched at this hour, and is not now (平时可见、此刻不可见): docs/alerts.md."""

from cameras.alerts.settings import PASSING, AlertSettings

__all__ = ["PASSING", "AlertSettings"]
