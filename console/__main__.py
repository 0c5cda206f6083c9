"""`python -m console`, and the `holdfast` script."""

import sys


def main() -> None:
    """Run the command line."""
    from console.cli import command_line

    command_line(sys.argv[1] if len(sys.argv) > 1 else "")(prog_name="holdfast")


if __name__ == "__main__":
    main()
