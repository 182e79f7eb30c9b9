"""The four apps under load, measured over HTTP."""
