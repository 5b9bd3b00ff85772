"""The page itself: one small document, its scripts and its icon. All it shows comes from /api."""

import gzip
import hashlib
import re
from collections.abc import Awaitable, Callable
from html import escape
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seewhy import __version__
from seewhy.lang import text
from seewhy.render.colors import tables
from seewhy.render.document import embed
from seewhy.web.limits import Limits

SCRIPTS, SCRIPT = ("start.js", "app.js", "viewer.js"), "text/javascript; charset=utf-8"
FOREVER, NEVER = "private, max-age=31536000, immutable", "no-cache"


def routes(limits: Limits, lang: str) -> list[Route]:
    """lang: of a page whose reader has chosen none."""
    scripts = {name: files("seewhy.render").joinpath(name).read_bytes() for name in SCRIPTS}
    digest = hashlib.sha256(b"".join(scripts.values())).hexdigest()[:16]
    icon = files("seewhy.web").joinpath("favicon.svg").read_bytes()
    html = document(limits, lang, digest).encode()
    return [
        Route("/", _file(html, "text/html; charset=utf-8", NEVER)),
        *(Route(f"/{name}", _file(_naming(one, digest), SCRIPT, FOREVER, digest)) for name, one in scripts.items()),
        Route("/favicon.svg", _file(icon, "image/svg+xml", FOREVER)),
    ]


def document(limits: Limits, lang: str, digest: str) -> str:
    """digest: of the scripts, so that newer ones are other addresses."""
    data = {
        "lang": lang,
        "version": __version__,
        "tables": tables(),
        "limits": {"bytes": limits.bytes, "pixels": limits.pixels, "grid": limits.grid},
    }
    parts = {
        "lang": "zh-CN" if lang == "zh" else lang,
        "data": embed(data),
        "digest": digest,
        "needs_scripts": escape(text("needs_scripts", lang)),
    }
    template = files("seewhy.web").joinpath("page.html").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)


def _naming(script: bytes, digest: str) -> bytes:
    """A script that names others as the document does, so that there is one copy of each."""
    for name in SCRIPTS:
        script = script.replace(f'"./{name}"'.encode(), f'"./{name}?v={digest}"'.encode())
    return script


def _file(data: bytes, kind: str, kept: str, digest: str = "") -> Callable[[Request], Awaitable[Response]]:
    """What answers with these bytes, packed once. kept: how long a browser may, of the version `digest` alone."""
    packed = gzip.compress(data, mtime=0)

    async def answer(request: Request) -> Response:
        known = not digest or request.query_params.get("v") == digest
        headers = {"cache-control": kept if known else NEVER, "vary": "accept-encoding"}
        if _takes_gzip(request.headers.get("accept-encoding", "")):
            return Response(packed, media_type=kind, headers=headers | {"content-encoding": "gzip"})
        return Response(data, media_type=kind, headers=headers)

    return answer


def _takes_gzip(said: str) -> bool:
    """Whether an Accept-Encoding names gzip, other than to refuse it."""
    ways = {name.strip(): rest.replace(" ", "") for name, _, rest in (one.partition(";") for one in said.split(","))}
    return "gzip" in ways and not re.fullmatch(r"q=0(\.0*)?", ways["gzip"])
