"""Pictures of every kind, and what they may cost."""
