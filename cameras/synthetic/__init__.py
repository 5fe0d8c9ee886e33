"""One made-up day of frames for real cameras, with faults whose truth is known."""

from cameras.synthetic.day import SyntheticDay, synthetic_day
from cameras.synthetic.faults import FaultPlan
from cameras.synthetic.roles import RoleShares

__all__ = ["FaultPlan", "RoleShares", "SyntheticDay", "synthetic_day"]
