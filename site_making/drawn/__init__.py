"""Draws the charts, diagrams and pictures of the site, and the matrix of faults."""
