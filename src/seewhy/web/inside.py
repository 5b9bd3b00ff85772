"""What is inside a network, as the pages that the command line writes: for a sandboxed frame of the server's own page.

Such a page runs its own script alone and asks for nothing; in the sandbox it has no origin, and so no cookie either.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from seewhy.errors import BadOption, SeewhyError
from seewhy.lang import languages
from seewhy.model import Model
from seewhy.results.hierarchy import Hierarchy
from seewhy.types import Photo
from seewhy.web.photos import Photos
from seewhy.web.recent import Recent
from seewhy.web.refusing import STATUS, Refusal
from seewhy.web.twins import Twins

MEMORY = 64 * 2**20  # characters of pages that were made
TREES = 8
LONGEST = 200  # characters of a layer's name
SHOWN = 64  # channels of a layer
NAME = 8  # characters of a photo's id that stand for its name
POLICY = "sandbox allow-scripts; frame-ancestors 'self'"
REFUSED = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;"
    "padding:0 1rem}p+p{opacity:.75}"
)

Page = Callable[[Model, str, str, str, str], str]


class Inside:
    """find: from what a client calls a model to the model."""

    def __init__(self, photos: Photos, find: Callable[[Any], Model], twins: Twins) -> None:
        self._photos, self._find, self._twins = photos, find, twins
        self._pages = Recent[str](MEMORY, len)
        self._trees = Recent[Hierarchy](TREES, lambda _tree: 1)
        self._one = anyio.CapacityLimiter(1)

    def routes(self) -> list[Route]:
        known: Mapping[str, Page] = {"attention": attention, "activations": activations, "tree": self._tree}
        return [Route(f"/inside/{name}", self._route(name, page), methods=["GET"]) for name, page in known.items()]

    def _route(self, name: str, page: Page) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            """?photo=&model=&lang=, and of activations ?layer="""
            try:
                return HTMLResponse(await self._page(name, page, request), headers=_headers(POLICY))
            except (SeewhyError, Refusal) as error:
                return _refused(error)

        return answer

    async def _page(self, name: str, page: Page, request: Request) -> str:
        params = request.query_params
        lang, layer, photo = params.get("lang", "en"), params.get("layer", ""), params.get("photo", "")
        if lang not in languages():
            raise BadOption(f"lang is {lang[:20]!r}", f"one of {', '.join(languages())}")
        if layer and (name != "activations" or len(layer) > LONGEST):
            raise BadOption("a layer that is not asked for here, or no name", "leave layer out")
        model, path = self._find(params.get("model")), str(self._photos.path(photo))
        key = (name, photo, id(model), layer, lang)

        def make() -> str:
            return self._pages.get(key, lambda: page(self._twins(model), path, photo[:NAME], layer, lang))

        return await anyio.to_thread.run_sync(make, limiter=self._one)

    def _tree(self, model: Model, path: str, name: str, _layer: str, lang: str) -> str:
        """As `seewhy tree explain` makes it: by the tree of the last layer, and the method that fits the network."""
        from seewhy.plan import chosen  # with all that draws and clusters: the server is there sooner without
        from seewhy.render.decisions import still
        from seewhy.render.decisions_page import decisions_page
        from seewhy.stepwise import explain_decisions
        from seewhy.trees import induce

        tree = self._trees.get(id(model), lambda: induce(model))
        found = explain_decisions(model, path, tree, method=chosen([model])[0])
        found = replace(found, photo=_called(found.photo, name))
        return decisions_page(found, still(found, lang), lang)


def attention(model: Model, path: str, name: str, _layer: str, lang: str) -> str:
    """As `seewhy inspect attention` makes it."""
    from seewhy import inspect
    from seewhy.render.attention_page import attention_page

    found = inspect.attention(model, path)
    return attention_page(replace(found, photo=_called(found.photo, name)), lang)


def activations(model: Model, path: str, name: str, layer: str, lang: str) -> str:
    """As `seewhy inspect activations` makes it, of one layer: the last maps, unless another is named."""
    from seewhy import inspect
    from seewhy.render.activations_page import activations_page

    found = inspect.activations(model, path, [layer] if layer else None)
    return activations_page(replace(found, photo=_called(found.photo, name)), most=SHOWN, lang=lang)


def _called(photo: Photo, name: str) -> Photo:
    return replace(photo, name=name)


def _refused(error: SeewhyError | Refusal) -> Response:
    status = error.status if isinstance(error, Refusal) else STATUS.get(error.code, 400)
    said = "".join(f"<p>{escape(one)}</p>" for one in (error.problem, error.hint) if one)
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>seewhy</title>'
    return HTMLResponse(f"{head}<style>{STYLE}</style><main>{said}</main>", status, headers=_headers(REFUSED))


def _headers(policy: str) -> dict[str, str]:
    return {"content-security-policy": policy, "cache-control": "private, no-store"}
