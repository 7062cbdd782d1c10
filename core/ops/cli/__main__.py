"""`python -m core.ops.cli`, as `spirit up` starts its children."""

from core.ops.cli import main

if __name__ == "__main__":
    main()
