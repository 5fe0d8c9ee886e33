"""The demo: two scenes, one way of loading, analysing and planning them.

`helsinki` has real streets and a derived tree; `town` is made up altogether, so that everything about it
is known. Both are labelled for what they are wherever they are shown.
"""

from web.demo.run import SCENES, DemoFiles, run_demo

__all__ = ["SCENES", "DemoFiles", "run_demo"]
