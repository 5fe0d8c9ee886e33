"""Places: CRS and datums, jurisdictions, road network, sightlines, the database base."""
