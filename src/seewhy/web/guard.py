"""Who may ask: this machine's own pages, with the token of the address that was opened."""

import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seewhy.web.refusing import refused

TOKEN = "token"
SAFE = ("GET", "HEAD")
HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; frame-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(), microphone=()",
}


class Guard:
    """ASGI middleware. A page of another site can neither reach the server by a name of its own (its Host is not one of
    `hosts`), nor have a browser that holds the cookie ask for it (Origin and Sec-Fetch-Site), nor guess the token."""

    def __init__(self, app: ASGIApp, token: str, hosts: frozenset[str]) -> None:
        self.app, self.token, self.hosts = app, token, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._answer(Request(scope))
        await (answer or self.app)(scope, receive, with_headers)

    def _answer(self, request: Request) -> Response | None:
        """A refusal, or a redirection that swaps the token in the address for a cookie; None to let it pass."""
        headers = request.headers
        if headers.get("host", "").lower() not in self.hosts:
            return refused(
                "bad_host", "this server answers to its own address alone", "open the address it printed", 421
            )
        if not self._own(headers):
            return refused("foreign", "another site's page asked", "open the address it printed", 403)
        asked = _values(request.query_params)
        if asked and self._is_token(asked[0]) and request.method in SAFE and not request.url.path.startswith("/api"):
            return self._let_in(request)
        given = headers.get("authorization", "").removeprefix("Bearer ").strip() or _given(headers)
        if not self._is_token(given):
            return refused("no_token", "the token is missing or wrong", "open the address the server printed", 401)
        return None

    def _own(self, headers: Headers) -> bool:
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        fits = origin is None or origin.lower() in {f"http://{host}" for host in self.hosts}
        return fits and site in ("none", "same-origin")

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self.token.encode())

    def _let_in(self, request: Request) -> Response:
        answer = RedirectResponse(request.url.remove_query_params(TOKEN).path or "/", 303)
        answer.set_cookie(_cookie(request.headers), self.token, httponly=True, samesite="strict")
        return answer


def _values(params: QueryParams) -> list[str]:
    return params.getlist(TOKEN)


def _cookie(headers: Headers) -> str:
    """The cookie's name: a browser has one jar for all ports, and another server's must not be in the way."""
    return f"seewhy-{headers['host'].rpartition(':')[2]}"


def _given(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(_cookie(headers))
    except CookieError:
        return ""
    return found.value if found else ""


def hosts_of(port: int) -> frozenset[str]:
    """What a browser on this machine may call the server."""
    return frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
