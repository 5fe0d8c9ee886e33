"""What is wrong with camera records (核查): every kind of finding, tested on frames and arrays."""

from cameras.audit.datums import corrected
from cameras.audit.kinds import KINDS, SEVERITIES, Kind
from cameras.audit.run import audit
from cameras.audit.scene import AuditResult, AuditScene, AuditSettings

__all__ = [
    "KINDS",
    "SEVERITIES",
    "AuditResult",
    "AuditScene",
    "AuditSettings",
    "Kind",
    "audit",
    "corrected",
]
