"""Stands for a library whose import takes half a second."""

from .steps import block

block(0.5)
