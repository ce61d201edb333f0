"""Checkpoints: everything that training goes on from, in one file.

A file is an `.npz` as `fastconv._archive` writes it: arrays, and one JSON member for the rest.
"""

from .checkpoint import load_checkpoint, save_checkpoint

__all__ = ["load_checkpoint", "save_checkpoint"]
