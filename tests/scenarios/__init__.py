"""What every approach does, or says that it does not."""
