"""Readers of camera records: lists people keep, answers of devices (`catalog`) and platforms (`ape`)."""

from cameras.importers.lists import CAMERA_COLUMNS, camera_parts, camera_rows, lists_devices, read_cameras

__all__ = ["CAMERA_COLUMNS", "camera_parts", "camera_rows", "lists_devices", "read_cameras"]
