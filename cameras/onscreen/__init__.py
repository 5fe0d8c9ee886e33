"""The clock that a camera writes into its picture, read now and then; nothing else of the picture is."""

from cameras.onscreen.reader import ClockReader, ReadLine, Region

__all__ = ["ClockReader", "ReadLine", "Region"]
