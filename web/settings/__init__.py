"""What an administrator may change: the list of settings, their stored values, what is built from them.

`registry` is the list and `spec` what one of them is, `stored` reads and changes the table, `built` makes the
settings objects of analyses and plans. A setting that is not stored has its default, so a new default reaches
every site that never changed it.
"""

from web.settings.built import (
    alert_settings,
    analysis_settings,
    audit_settings,
    duty_defaults,
    plan_settings,
)
from web.settings.registry import BY_NAME, GROUPS, SETTINGS
from web.settings.spec import Spec, Value
from web.settings.stored import Change, Stored, change, current, reset, stored

__all__ = [
    "BY_NAME",
    "GROUPS",
    "SETTINGS",
    "Change",
    "Spec",
    "Stored",
    "Value",
    "alert_settings",
    "analysis_settings",
    "audit_settings",
    "change",
    "current",
    "duty_defaults",
    "plan_settings",
    "reset",
    "stored",
]
