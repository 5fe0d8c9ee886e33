"""The search that sees a whole plan at once: every visit may move, whoever made it and whenever.

`fixed` turns a problem into arrays, `times` keeps the earliest and the latest start of every visit while
visits come and go, `placing` finds a place for a stop, `ruin` takes stops out, `anneal` puts these
together, and `run` is the door: a budget in, a timed plan out.
"""
