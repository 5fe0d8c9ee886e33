"""Every view says which action it needs; a view that says nothing keeps the app from starting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Flask, Request, current_app

from web.access.roles import Action

Rule = Action | Callable[[Mapping[str, Any]], Action]
View = TypeVar("View", bound=Callable[..., Any])
_ATTRIBUTE = "__access_rule__"
_BY_TOKEN = "__by_token_only__"
# Flask's own view of ``/static`` cannot be decorated.
_STATIC = "static"

PUBLIC = Action.PUBLIC


def needs(rule: Rule) -> Callable[[View], View]:
    """Declare the action a view needs; stands below the route's decorator.

    Parameters
    ----------
    rule : Action or callable
        A callable is given the view's arguments (those in the address) and answers the action.
    """

    def declared(view: View) -> View:
        setattr(view, _ATTRIBUTE, rule)
        return view

    return declared


def by_token_only(view: View) -> View:
    """Declare that a view takes API tokens and no cookie; stands below the route's decorator.

    A browser's cookie goes along with whatever a foreign page makes it post; a token does not. So such a view
    may change something without a form's own mark against forgery.
    """
    setattr(view, _BY_TOKEN, True)
    return view


def takes_tokens_only(app: Flask, endpoint: str) -> bool:
    """Whether an endpoint is declared `by_token_only`."""
    return bool(getattr(app.view_functions[endpoint], _BY_TOKEN, False))


def rule_of(app: Flask, endpoint: str) -> Rule | None:
    """The declared rule of an endpoint; None when it declares none."""
    if endpoint == _STATIC:
        return PUBLIC
    found: Rule | None = getattr(app.view_functions[endpoint], _ATTRIBUTE, None)
    return found


def action_of(app: Flask, endpoint: str, arguments: Mapping[str, Any]) -> Action:
    """The action that a request to `endpoint` with these arguments needs."""
    rule = rule_of(app, endpoint)
    if rule is None:
        raise LookupError(f"the view {endpoint} declares no access rule")
    return rule if isinstance(rule, Action) else rule(arguments)


def action_of_request(request: Request) -> Action | None:
    """The action that this request's view needs; None where no view answers."""
    if request.endpoint is None:
        return None
    return action_of(current_app, request.endpoint, request.view_args or {})


def check_rules(app: Flask) -> None:
    """Refuse an app with a view that declares no rule.

    Raises
    ------
    LookupError
        Naming the endpoints.
    """
    bare = sorted(name for name in app.view_functions if rule_of(app, name) is None)
    if bare:
        raise LookupError(f"views without an access rule: {', '.join(bare)}; put @needs(...) on them")
