"""Measures the queue of 04 against its peers, side by side in one run: `make bench`."""
