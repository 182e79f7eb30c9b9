"""The report: orders out of a CSV file, their sums, a PDF."""
