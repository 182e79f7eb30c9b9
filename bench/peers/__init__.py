"""What the queue of 04 is compared with, each in a program of its own."""
