"""Rosters as they are handed out."""
