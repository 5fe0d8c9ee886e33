"""Camera audit (摄像机核查): findings and their life, planned maintenance, assessed lists, rates."""

from web.pages.checks import days, findings, rates, upkeep
from web.pages.checks.blueprint import bp

__all__ = ["bp", "days", "findings", "rates", "upkeep"]
