"""Makes `python -m workshop` the same as the command `workshop`."""

from .cli import main

if __name__ == "__main__":
    main()
