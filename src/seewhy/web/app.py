"""The server's routes. Each is one function; what they say is in answers.py, what they let in in guard.py."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from seewhy.api import predict
from seewhy.asked import whole
from seewhy.errors import BadOption
from seewhy.lang import languages
from seewhy.model import Model
from seewhy.web import answers, calls, looking, shell
from seewhy.web.asked import Asked, asked, texts_of
from seewhy.web.costs import Costs
from seewhy.web.description import described
from seewhy.web.folder import swept
from seewhy.web.guard import Guard
from seewhy.web.jobs import Job, Queue
from seewhy.web.limits import Limits
from seewhy.web.photos import Photos
from seewhy.web.reading import body, document
from seewhy.web.refusing import HANDLERS, Refusal, log
from seewhy.web.results import Results
from seewhy.web.room import Room
from seewhy.web.samples import Samples
from seewhy.web.shelf import Shelf
from seewhy.web.told import Told, streamed
from seewhy.web.work import Work

WAIT = 0.02  # seconds between two looks whether a model is loaded


def application(
    models: Mapping[str, Model],
    folder: Path,
    *,
    token: str,
    hosts: frozenset[str],
    limits: Limits | None = None,
    lang: str = "en",
) -> Starlette:
    """The ASGI application. models: by the names that clients call them, a Shelf where they are still being loaded; the
    first is the default.

    folder: where photos and results are kept. token: what a client has to show. hosts: "127.0.0.1:8000" and the like,
    under which the server may be asked. lang: of a page whose reader has chosen none. `state.close` of what is returned
    ends the work, and with it the streams that tell of it.
    """
    limits = limits or Limits()
    server = Server(models, folder, limits)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await anyio.to_thread.run_sync(server.close)

    app = Starlette(
        routes=[*server.routes(), *shell.routes(limits, _known(lang))],
        middleware=[Middleware(Guard, token=token, hosts=hosts)],
        lifespan=lifespan,
        exception_handlers=HANDLERS,
    )
    app.state.close = server.close
    return app


class Server:
    def __init__(self, models: Mapping[str, Model], folder: Path, limits: Limits) -> None:
        self._let_go = swept(folder, self)
        self.models, self.limits = Shelf.of(models), limits
        room = Room(limits.disk)
        self.photos = Photos(folder / "photos", limits, room, self._needed)
        self.results = Results(folder / "results", limits, room)
        self.told = Told(self.results)
        self.samples, self.costs = Samples(self.photos), Costs(folder / "costs.json")
        self.queue = Queue(Work(self.photos, self.results, self.costs), limits, partial(log, "a piece of work"))
        self._decoding = anyio.CapacityLimiter(limits.decoding)
        self._pacing = anyio.CapacityLimiter(1)
        self._looking = anyio.CapacityLimiter(1)  # predictions wait for each other, not for the work
        self._twins = self.models.twins
        known = self.photos, self.results, self.models, self._model, self._twins, limits, self._looking
        self._more = looking.routes(*known, folder / "curves")

    def _needed(self) -> set[str]:
        """Photos that work waits for, and those that every page offers."""
        return {job.asked.photo for job in self.queue.listed()} | {*self.samples.ids}

    def close(self) -> None:
        self.queue.close()
        self.costs.close()
        self._let_go()

    def routes(self) -> list[Route]:
        known: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("GET", "/api", self.describe),
            ("GET", "/api/models", self.listed_models),
            ("GET", "/api/cards", self.cards),
            ("GET", "/api/models/{model:path}/classes", self.classes),
            ("GET", "/api/samples", self.listed_samples),
            ("PUT", "/api/photos", self.add_photo),
            ("GET", "/api/photos/{photo}", self.photo),
            ("POST", "/api/predictions", self.predictions),
            ("POST", "/api/costs", self.expected),
            ("GET", "/api/jobs", self.listed_jobs),
            ("POST", "/api/jobs", self.add_job),
            ("GET", "/api/jobs/{job}", self.job),
            ("DELETE", "/api/jobs/{job}", self.cancel),
            ("GET", "/api/jobs/{job}/events", self.events),
            ("GET", "/api/jobs/{job}/partial/{key}", self.partial),
            ("POST", "/api/results", self.kept),
            ("GET", "/api/results/{key}", self.result),
            ("GET", "/api/report", self.report),
        ]
        own = [Route(path, run, methods=[method]) for method, path, run in known]
        return [*own, *self._more]

    async def describe(self, request: Request) -> Response:
        return JSONResponse(described(list(self.models), self.limits))

    async def listed_models(self, request: Request) -> Response:
        """Those that are loaded, once the first is."""
        while not self.models.there:
            await anyio.sleep(WAIT)
        loading, lang, there = self.models.loading, _lang(request), self.models.there
        found = await anyio.to_thread.run_sync(lambda: [answers.model(*one, lang) for one in there.items()])
        return JSONResponse({"models": found, "loading": loading})

    async def classes(self, request: Request) -> Response:
        return JSONResponse({"classes": answers.classes(self._model(request.path_params["model"]), _lang(request))})

    async def cards(self, request: Request) -> Response:
        return JSONResponse({"cards": answers.cards(_lang(request))})

    async def listed_samples(self, request: Request) -> Response:
        found = await anyio.to_thread.run_sync(self.samples.listed, _lang(request), limiter=self._decoding)
        return JSONResponse({"samples": found})

    async def add_photo(self, request: Request) -> Response:
        data = await body(request, self.limits.bytes, self.limits.silence)
        id = await anyio.to_thread.run_sync(self.photos.add, data, limiter=self._decoding)
        width, height = self.photos.size(id)
        return JSONResponse({"id": id, "width": width, "height": height}, 201)

    async def photo(self, request: Request) -> Response:
        id = request.path_params["photo"]
        shown = await anyio.to_thread.run_sync(self.photos.shown, id, limiter=self._decoding)
        return Response(
            shown, media_type="image/webp", headers={"cache-control": "private, max-age=31536000, immutable"}
        )

    async def predictions(self, request: Request) -> Response:
        given = await document(request, self.limits.body, self.limits.silence)
        if unknown := sorted(set(given) - {"photo", "model", "top", "lang", "texts"}):
            raise BadOption(f"a request with {unknown[0]!r}", "it has photo, model, top, lang, texts")
        photo = str(given.get("photo", ""))
        self.photos.path(photo)
        model, top = self._model(given.get("model")), whole(given.get("top", 5), "top", 1, 1000)
        texts = texts_of(given.get("texts"), model)
        found = await anyio.to_thread.run_sync(
            lambda: predict(self._twins(model), self.photos.picture(photo), top, texts=texts), limiter=self._looking
        )
        lang = _known(given["lang"]) if "lang" in given else None
        return JSONResponse({"predictions": answers.predictions(found, lang)})

    async def expected(self, request: Request) -> Response:
        """What work would take, asked for as in /api/jobs."""
        given = await document(request, self.limits.body, self.limits.silence)

        def found() -> list[dict[str, Any]]:
            made = asked(given, self.models, self.limits)
            costs = [
                (method, self.costs.of(made.model, method, len(cells), self.queue.idle, made.fingerprint))
                for method, cells in made.methods
            ]
            return [{"method": method.info.id, **asdict(cost)} for method, cost in costs]

        return JSONResponse({"costs": await anyio.to_thread.run_sync(found, limiter=self._pacing)})

    async def listed_jobs(self, request: Request) -> Response:
        found = [answers.job(one, self.queue.before(one), self.results) for one in self.queue.listed()]
        return JSONResponse({"jobs": found})

    async def add_job(self, request: Request) -> Response:
        given = await self._wish(request)

        def made() -> Asked:
            found = asked(given, self.models, self.limits)
            self._twins(self.models[found.spec])
            return found

        job = self.queue.submit(await anyio.to_thread.run_sync(made))
        return JSONResponse(self._told(job), 202)

    async def job(self, request: Request) -> Response:
        return JSONResponse(self._told(self.queue.get(request.path_params["job"])))

    async def cancel(self, request: Request) -> Response:
        job = self.queue.get(request.path_params["job"])
        self.queue.cancel(job)
        return JSONResponse(answers.job(job, 0))

    async def events(self, request: Request) -> Response:
        """Server-sent events; Last-Event-ID says after which."""
        job = self.queue.get(request.path_params["job"])
        last = request.headers.get("last-event-id", "0")
        after = int(last) if last.isdecimal() and len(last) < 10 else 0
        return StreamingResponse(streamed(job.follow(after)), media_type="text/event-stream",
                                 headers={"cache-control": "no-store"})  # fmt: skip

    async def partial(self, request: Request) -> Response:
        job, key = self.queue.get(request.path_params["job"]), request.path_params["key"]
        found = job.partial.get(key)
        if found is None:
            raise Refusal("no_partial", "there is no map of it yet, or it is whole", "see the job's events", 404)
        return JSONResponse({"key": key, **answers.partial(found, job.geometry)})

    async def kept(self, request: Request) -> Response:
        """What is here of work asked for as in /api/jobs; nothing is begun."""
        given = await self._wish(request)

        def found() -> bytes:
            return self.told.of_all(asked(given, self.models, self.limits).cells)

        return Response(await anyio.to_thread.run_sync(found), media_type="application/json")

    async def result(self, request: Request) -> Response:
        lang = _lang(request) if "lang" in request.query_params else None
        found = await anyio.to_thread.run_sync(self.told.of, request.path_params["key"], lang)
        return Response(found, media_type="application/json")

    async def report(self, request: Request) -> Response:
        """One HTML file of results about one photo: ?key=...&key=..."""
        from seewhy.render.page import page  # with all that draws: the server is there sooner without

        keys = list(dict.fromkeys(request.query_params.getlist("key")))
        if not keys or len(keys) > self.limits.grid:
            raise BadOption(f"a report of {len(keys)} results", f"name 1 to {self.limits.grid} by key=")
        lang = _lang(request)
        text = await anyio.to_thread.run_sync(lambda: page([self.results.get(key) for key in keys], lang))
        said = {"content-disposition": 'attachment; filename="seewhy.html"', "content-security-policy": "sandbox"}
        return Response(text, media_type="text/html; charset=utf-8", headers=said)

    async def _wish(self, request: Request) -> dict[str, Any]:
        """What is asked for about a photo. Raises Refusal where that is not here."""
        given = await document(request, self.limits.body, self.limits.silence)
        self.photos.path(given["photo"] if isinstance(given.get("photo"), str) else "")
        return given

    def _told(self, job: Job) -> dict[str, Any]:
        return answers.job(job, self.queue.before(job), self.results) | {"calls": calls.of_work(job.asked)}

    def _model(self, spec: Any) -> Model:
        spec = next(iter(self.models)) if spec is None else spec
        if not isinstance(spec, str) or spec not in self.models:
            raise Refusal("unknown_model", f"no model {str(spec)[:80]!r} is served", "see /api/models", 404)
        return self.models[spec]


def _lang(request: Request) -> str:
    return _known(request.query_params.get("lang", "en"))


def _known(lang: Any) -> str:
    if lang not in languages():
        raise BadOption(f"lang is {str(lang)[:20]!r}", f"one of {', '.join(languages())}")
    return str(lang)
