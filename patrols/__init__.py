"""Zones, teams, stops, the cross-patrol problem, its solver and its checker."""
