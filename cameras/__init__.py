"""Camera records, optics, footprints, frame metadata, availability, coverage and gaps."""
