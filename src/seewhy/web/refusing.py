"""Refusals as the API says them: a code, the problem and a hint, and never a trace."""

import logging
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from seewhy.errors import SeewhyError

LOG = logging.getLogger("seewhy.web")

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


async def _said(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SeewhyError | Refusal)
    return answer(error)


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refused("http", error.detail, "see /api", error.status_code)


async def _bug(request: Request, error: Exception) -> Response:
    log(request.url.path, error)
    return refused("bug", "something went wrong in here", "the server's log says what", 500)


def log(where: str, error: BaseException) -> None:
    LOG.error("%s failed", where, exc_info=error)


HANDLERS: Mapping[Any, Any] = {SeewhyError: _said, Refusal: _said, HTTPException: _http, Exception: _bug}
