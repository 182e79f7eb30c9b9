"""Twenty-seven broken apps to repair, and the runner that checks them."""
