"""What it costs when much is kept: the same step among 1 000, 10 000 and 100 000 others."""
