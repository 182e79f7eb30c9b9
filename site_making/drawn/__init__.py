"""What is drawn: charts of figures, and diagrams."""
