"""What went wrong and what to try: one line each, and a code for programs."""

LONGEST = 400  # characters of a message


class SeewhyError(Exception):
    """A problem the user can act on. `str()` gives the problem and, on a second line, the hint."""

    code = "error"

    def __init__(self, problem: str, hint: str = "") -> None:
        problem, hint = _one_line(problem), _one_line(hint)
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


class HeadFailed(ModelFailed):
    """The function that picks the scores out of the model's output raised."""


def _one_line(text: str) -> str:
    """Names and values that stand in a message may hold line breaks, and be long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 4] + " ..."


def first_line(error: BaseException) -> str:
    """What an exception says, in one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
