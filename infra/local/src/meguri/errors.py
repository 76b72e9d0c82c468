"""What the command line tells its user when something cannot go on."""


class LocalRunError(Exception):
    """A sentence or two: what happened, where, what to do. The command line prints it and exits with 1."""
