"""Recordings: readers of their lists, and what the lists say of each camera."""
