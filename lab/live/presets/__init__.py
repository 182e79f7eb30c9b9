"""What the live page can play: presets, their faults, and lanes that only this page has."""
