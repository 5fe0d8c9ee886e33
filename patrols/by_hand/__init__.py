"""The times of a plan whose orders a person changed by hand: each visit as early as it can be.

The order of every team is given. Who comes to a stop first is taken from the plan that was changed, and
where the change leaves that open every way is tried: what breaks the fewest rules is kept, of these what is
worth most. Waiting for the separation is given up where it would break a rule; the stop is not crossed then.
"""

from patrols.by_hand.change import by_hand
from patrols.by_hand.orders import (
    Orders,
    difference,
    moved,
    orders_of,
    put_in,
    refuse_unknown,
    swapped,
    taken_out,
)
from patrols.by_hand.placing import near_places

__all__ = [
    "Orders",
    "by_hand",
    "difference",
    "moved",
    "near_places",
    "orders_of",
    "put_in",
    "refuse_unknown",
    "swapped",
    "taken_out",
]
