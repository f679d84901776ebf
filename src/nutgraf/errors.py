"""The one error that the kit raises on purpose."""


class NutgrafError(Exception):
    """Something a person can put right.

    The message names the file, the place in it and the way out.
    """
