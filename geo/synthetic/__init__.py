"""An invented town: streets, buildings, places, water and jurisdictions of which everything is known."""

from geo.synthetic.drawing import VILLAGES, VillageSite
from geo.synthetic.town import ATTRIBUTION, Town, synthetic_town

__all__ = ["ATTRIBUTION", "VILLAGES", "Town", "VillageSite", "synthetic_town"]
