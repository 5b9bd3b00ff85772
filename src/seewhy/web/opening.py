"""The page while what is behind it is still being imported and made."""

import asyncio
from collections.abc import Callable

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from seewhy.web import shell
from seewhy.web.guard import Guard
from seewhy.web.limits import Limits
from seewhy.web.refusing import HANDLERS


class Opening:
    """An ASGI application that answers for the page at once; all else waits until `make` has made the rest.

    token, hosts, lang: as `application` has them.
    """

    def __init__(
        self, make: Callable[[], ASGIApp], *, token: str, hosts: frozenset[str], limits: Limits, lang: str
    ) -> None:
        routes = shell.routes(limits, lang)
        guard = Middleware(Guard, token=token, hosts=hosts)
        self._shell = Starlette(routes=routes, middleware=[guard], exception_handlers=HANDLERS)
        self._paths = {route.path for route in routes}
        self._make = make
        self._made: asyncio.Task[ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._made is None:
            self._made = asyncio.create_task(anyio.to_thread.run_sync(self._make))
        ours = scope["type"] == "lifespan" or scope["path"] in self._paths
        rest = self._shell if ours else await asyncio.shield(self._made)
        await rest(scope, receive, send)
