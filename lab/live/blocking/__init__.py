"""01 with the mistake of "A job that blocks"."""
