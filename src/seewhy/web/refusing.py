"""Refusals as the API says them: a code, the problem and a hint, and never a trace."""

from starlette.responses import JSONResponse

from seewhy.errors import SeewhyError

STATUS = {"unknown_name": 404, "model_failed": 422, "unsupported": 422, "bad_input": 422, "bad_option": 422}


class Refusal(Exception):
    """What a request is answered with instead."""

    def __init__(self, code: str, problem: str, hint: str = "", status: int = 400) -> None:
        super().__init__(problem)
        self.code, self.problem, self.hint, self.status = code, problem, hint, status


def refused(code: str, problem: str, hint: str = "", status: int = 400) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "problem": problem, "hint": hint}}, status)


def as_data(error: SeewhyError) -> dict[str, str]:
    return {"code": error.code, "problem": error.problem, "hint": error.hint}


def answer(error: SeewhyError | Refusal) -> JSONResponse:
    if isinstance(error, Refusal):
        return refused(error.code, error.problem, error.hint, error.status)
    return refused(**as_data(error), status=STATUS.get(error.code, 400))
