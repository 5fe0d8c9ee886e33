"""What people get of a plan: papers, files and texts that say where and when, never why.

`content` is what all of them are made from; it holds no camera, footprint, gap, cause or prize, so that none
of them can show one.
"""
