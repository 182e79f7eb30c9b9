"""How `make 01` … `make 04` start, what they show, and how they end."""
