"""The queue of 04 without HTTP, measured."""
