"""What the recipes of the four folders share."""
