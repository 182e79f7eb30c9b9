"""Each approach over HTTP: what a client sends, what is done, and what it is told."""
