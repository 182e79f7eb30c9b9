"""What the tests of the steps share."""

from .ladder import step

__all__ = ["step"]
