"""Readers of camera records: lists people keep (`lists`), and answers of devices (`catalog`)."""

from cameras.importers.lists import CAMERA_COLUMNS, camera_rows, read_cameras

__all__ = ["CAMERA_COLUMNS", "camera_rows", "read_cameras"]
