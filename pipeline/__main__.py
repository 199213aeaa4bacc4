"""`python -m pipeline` is `vend`."""

from pipeline.cli import command

if __name__ == "__main__":
    command()
