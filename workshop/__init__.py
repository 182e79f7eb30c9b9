"""Sixteen broken apps to repair, three more to finish with, and the runner that checks them."""
