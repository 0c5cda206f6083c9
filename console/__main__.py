"""`python -m console`, and the `holdfast` script."""


def main() -> None:
    """Run the command line."""
    from console.cli import app

    app(prog_name="holdfast")


if __name__ == "__main__":
    main()
