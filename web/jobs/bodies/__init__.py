"""The work itself: one module a kind of job, each a plain function that calls services."""
