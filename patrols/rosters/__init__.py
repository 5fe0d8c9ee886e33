"""Rosters (排班): who serves in which slot of a week or month, made, checked and told."""
