"""What is answered where a request can't be, or where something went wrong in here: never a trace."""

import logging
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from seewhy.errors import SeewhyError
from seewhy.web.refusing import Refusal, answer, refused

LOG = logging.getLogger("seewhy.web")


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


HANDLERS: dict[Any, Any] = {SeewhyError: _said, Refusal: _said, HTTPException: _http, Exception: _bug}
