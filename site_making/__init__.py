"""Makes the tables, charts, diagrams and diffs of README and site; it may read everything."""
