"""What went wrong and what to try: one line each, and a code for programs."""


class SeewhyError(Exception):
    """A problem the user can act on. `str()` gives the problem and, on a second line, the hint."""

    code = "error"

    def __init__(self, problem: str, hint: str = "") -> None:
        super().__init__(f"{problem}\n  hint: {hint}" if hint else problem)
        self.problem, self.hint = problem, hint


class BadInput(SeewhyError):
    """A photo or a tensor that can't be explained as it is."""

    code = "bad_input"


class BadOption(SeewhyError):
    """An option that does not exist or a value out of its range."""

    code = "bad_option"


class UnknownName(SeewhyError):
    """A model, method, layer or class nobody knows, or that several answer to."""

    code = "unknown_name"


class Unsupported(SeewhyError):
    """A method this model can't serve, or a model this library can't read."""

    code = "unsupported"


class ModelFailed(SeewhyError):
    """The model raised, or returned something that is no score."""

    code = "model_failed"


def first_line(error: BaseException) -> str:
    """What an exception says, in one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
