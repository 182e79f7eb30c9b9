"""What the live page can play: presets, what they do to a lane, and the lanes that only it has."""
