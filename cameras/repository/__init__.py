"""Rows of cameras: records and frames in `records`, what analyses found in `results`."""
