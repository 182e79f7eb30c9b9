"""What a step costs among 1 000, 10 000 and 100 000 tasks that are kept."""
