"""Failures that a user can act on."""


class LianfangError(Exception):
    """A failure told to the user as its message, one sentence with value, limit and remedy.

    `web` turns it into an exit code or an HTTP answer; nothing below `web` does.
    """


class InputRefused(LianfangError):
    """An input was refused and nothing of it was stored.

    Parameters
    ----------
    message : str
        One sentence: what was refused and why, with the remedy.
    problems : sequence of str
        One sentence for every bad row, each with row, value, limit and remedy.
    """

    def __init__(self, message: str, problems: tuple[str, ...] | list[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)
