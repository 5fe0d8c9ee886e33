"""The blueprint of spot checks, and the words of their verdicts."""

from flask import Blueprint

from cameras.sampling import ALL
from web.i18n import N_

bp = Blueprint("samples", __name__, url_prefix="/samples")

CRITERION_WORDS = {
    "picture": N_("Picture"),
    "naming": N_("Name"),
    "direction": N_("Direction"),
    "clock": N_("Clock"),
    ALL: N_("All four"),
}
CRITERION_MEANINGS = {
    "picture": N_("A live picture comes, sharp and bright enough, and nothing stands in its way."),
    "naming": N_("The name in the picture is that of the record, and of the place."),
    "direction": N_("The camera looks where the record says."),
    "clock": N_("The time in the picture is right, within what your rules allow."),
}
VERDICT_WORDS = {"right": N_("right"), "wrong": N_("wrong"), "unjudged": N_("cannot be judged")}
VERDICT_TONES = {"right": "good", "wrong": "bad", "unjudged": "quiet"}
