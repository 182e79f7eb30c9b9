"""Stands for a library whose import takes as long as a test wants it to."""

from .steps import block_at

block_at("library")
