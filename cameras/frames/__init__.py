"""Frame metadata: one reader a source, one door for all of them."""
