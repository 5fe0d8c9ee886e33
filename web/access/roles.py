"""Who may do what: the one table that pages, API, tiles, jobs, exports and the command line all ask.

A person's grants are (role, jurisdiction). Each action has the scope of the grants whose role allows it,
so somebody can plan patrols in one town and only look at the map of another.
"""

from __future__ import annotations

from enum import StrEnum

from web.i18n import N_


class Role(StrEnum):
    """What a grant makes of a person, in one jurisdiction."""

    ADMINISTRATOR = "administrator"
    COMMANDER = "commander"
    PLANNER = "planner"
    AUDITOR = "auditor"
    MEMBER = "member"
    VOLUNTEER = "volunteer"
    VIEWER = "viewer"


class Action(StrEnum):
    """Something a role allows or does not."""

    MAP_VIEW = "map.view"
    FIGURES_VIEW = "figures.view"
    CAMERAS_VIEW = "cameras.view"
    GAPS_VIEW = "gaps.view"
    ZONES_VIEW = "zones.view"
    PLANS_VIEW = "plans.view"
    PLANS_VIEW_DRAFTS = "plans.view_drafts"
    PLANS_MAKE = "plans.make"
    PLANS_PUBLISH = "plans.publish"
    CHECK_INS_ENTER = "check_ins.enter"
    ZONES_EDIT = "zones.edit"
    CAMERAS_EDIT = "cameras.edit"
    ANALYSES_RUN = "analyses.run"
    IMPORTS_RUN = "imports.run"
    FRAMES_DELIVER = "frames.deliver"
    EXPORTS_MAKE = "exports.make"
    JOBS_VIEW = "jobs.view"
    JOBS_CANCEL = "jobs.cancel"
    ACCOUNTS_MANAGE = "accounts.manage"
    SETTINGS_CHANGE = "settings.change"
    AUDIT_READ = "audit.read"
    TOKENS_OWN = "tokens.own"
    PROFILE_OWN = "profile.own"
    PUBLIC = "public"


ROLE_NAMES = tuple(role.value for role in Role)
ROLE_TITLES = {
    Role.ADMINISTRATOR: N_("administrator"),
    Role.COMMANDER: N_("commander"),
    Role.PLANNER: N_("station planner"),
    Role.AUDITOR: N_("technical auditor"),
    Role.MEMBER: N_("patrol member"),
    Role.VOLUNTEER: N_("volunteer"),
    Role.VIEWER: N_("viewer"),
}

ACTION_TITLES = {
    Action.MAP_VIEW: N_("see the map"),
    Action.FIGURES_VIEW: N_("see figures by jurisdiction"),
    Action.CAMERAS_VIEW: N_("see cameras and what they see"),
    Action.GAPS_VIEW: N_("see gaps and their causes"),
    Action.ZONES_VIEW: N_("see joint-defence zones"),
    Action.PLANS_VIEW: N_("see published plans"),
    Action.PLANS_VIEW_DRAFTS: N_("see plans before they are published"),
    Action.PLANS_MAKE: N_("make plans"),
    Action.PLANS_PUBLISH: N_("approve and publish plans"),
    Action.CHECK_INS_ENTER: N_("enter who signed in at which stop"),
    Action.ZONES_EDIT: N_("change zones, teams, fixed duties and calendars"),
    Action.CAMERAS_EDIT: N_("change camera records"),
    Action.ANALYSES_RUN: N_("run analyses"),
    Action.IMPORTS_RUN: N_("import files"),
    Action.FRAMES_DELIVER: N_("deliver frame metadata"),
    Action.EXPORTS_MAKE: N_("export"),
    Action.JOBS_VIEW: N_("see jobs"),
    Action.JOBS_CANCEL: N_("cancel jobs"),
    Action.ACCOUNTS_MANAGE: N_("manage accounts"),
    Action.SETTINGS_CHANGE: N_("change settings"),
    Action.AUDIT_READ: N_("read the audit log"),
    Action.TOKENS_OWN: N_("make tokens for programs"),
    Action.PROFILE_OWN: N_("change one's own password"),
    Action.PUBLIC: N_("sign in"),
}

_EVERYBODY = frozenset(Role)
# Where the blind spots are is not for everybody: neither for those who walk a route nor for the public's eye.
_BLIND_SPOTS = frozenset({Role.ADMINISTRATOR, Role.COMMANDER, Role.PLANNER, Role.AUDITOR})
_PLANS = frozenset({Role.ADMINISTRATOR, Role.COMMANDER, Role.PLANNER})
_EQUIPMENT = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
_ADMINISTRATION = frozenset({Role.ADMINISTRATOR})

MAY: dict[Action, frozenset[Role]] = {
    Action.MAP_VIEW: _EVERYBODY,
    Action.FIGURES_VIEW: _EVERYBODY,
    Action.CAMERAS_VIEW: _BLIND_SPOTS,
    Action.GAPS_VIEW: _BLIND_SPOTS,
    Action.ZONES_VIEW: _EVERYBODY,
    Action.PLANS_VIEW: _EVERYBODY,
    Action.PLANS_VIEW_DRAFTS: _PLANS,
    Action.PLANS_MAKE: _PLANS,
    Action.PLANS_PUBLISH: frozenset({Role.ADMINISTRATOR, Role.COMMANDER}),
    Action.CHECK_INS_ENTER: _PLANS,
    Action.ZONES_EDIT: _PLANS,
    Action.CAMERAS_EDIT: _EQUIPMENT,
    Action.ANALYSES_RUN: _BLIND_SPOTS,
    Action.IMPORTS_RUN: _EQUIPMENT,
    Action.FRAMES_DELIVER: _EQUIPMENT,
    Action.EXPORTS_MAKE: _BLIND_SPOTS,
    Action.JOBS_VIEW: _BLIND_SPOTS,
    Action.JOBS_CANCEL: _BLIND_SPOTS,
    Action.ACCOUNTS_MANAGE: _ADMINISTRATION,
    Action.SETTINGS_CHANGE: _ADMINISTRATION,
    Action.AUDIT_READ: frozenset({Role.ADMINISTRATOR, Role.COMMANDER}),
    Action.TOKENS_OWN: _BLIND_SPOTS,
    # These two need no grant: being signed in, or not even that.
    Action.PROFILE_OWN: _EVERYBODY,
    Action.PUBLIC: _EVERYBODY,
}
