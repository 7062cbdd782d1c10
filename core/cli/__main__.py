"""`python -m core.cli`, as `spirit up` starts its children."""

from core.cli import main

if __name__ == "__main__":
    main()
