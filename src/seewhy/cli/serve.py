"""seewhy serve: the page in a browser on this machine."""

import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.output import Command
from seewhy.errors import BadOption
from seewhy.lang import text

if TYPE_CHECKING:
    from seewhy.web.shelf import Shelf

HOST, PORT, TRIED = "127.0.0.1", 8617, 50
PATIENCE = 3  # seconds that answers on their way have when the server ends


@click.command(cls=Command)
@options.model_option(multiple=True)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help=f"Of this machine; default {PORT}, or the next one that is free.",
)
@click.option("--no-browser", is_flag=True, help="Say the address and open nothing.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where photos and results are kept; default the system's folder for such data.",
)
@options.network_options
@options.lang_option
@options.quiet_option
def command(*, models: tuple[str, ...], **asked: Any) -> None:
    """The page: photos, predictions and explanations in a browser, on this machine alone.

    The address that is printed has a token in it, without which nobody is answered. Ctrl-C ends it.
    """
    from seewhy.web import folder

    place = asked["folder"] or folder.usual()
    token = folder.token(place)
    with _listening(asked["port"]) as listener, suppress(KeyboardInterrupt):  # which ends a server, and is no failure
        address = f"http://{HOST}:{listener.getsockname()[1]}/?token={token}"
        if not asked["quiet"]:
            click.echo(text("serving_at", asked["lang"], address=address))
            sys.stdout.flush()
        if not asked["no_browser"]:
            import webbrowser

            Thread(target=webbrowser.open, args=[address], daemon=True).start()  # it waits until it is answered
        _serve(listener, list(dict.fromkeys(models)), place, token, asked)


def _serve(listener: socket.socket, names: Sequence[str], place: Path, token: str, asked: dict[str, Any]) -> None:
    """Answer until Ctrl-C. Raises what hindered a model from being loaded."""
    import uvicorn

    from seewhy.web.guard import hosts_of
    from seewhy.web.limits import Limits
    from seewhy.web.opening import Opening

    open_to: dict[str, Any] = {"token": token, "hosts": hosts_of(listener.getsockname()[1])}
    open_to |= {"limits": Limits(), "lang": asked["lang"]}
    failed, closing = list[Exception](), list[Callable[[], None]]()

    @contextmanager
    def or_end() -> Iterator[None]:
        try:
            yield
        except Exception as error:
            failed.append(error)
            server.should_exit = True
            raise

    def make() -> Any:
        """The rest, for which torch is imported."""
        with or_end():
            from seewhy.web.app import application
            from seewhy.web.shelf import Shelf

            shelf = Shelf(names)
            app = application(shelf, place, **open_to)
        closing.append(app.state.close)
        Thread(target=load, args=[shelf], name="seewhy-load", daemon=True).start()
        return app

    def load(shelf: "Shelf") -> None:
        with suppress(Exception), or_end():
            for name in names:
                _put(shelf, name, asked)

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            for close in closing:  # else streams of unfinished work would be waited for
                close()
            await super().shutdown(sockets)

    kept: dict[str, Any] = {"ws": "none", "access_log": False, "server_header": False, "log_level": "critical"}
    server = Server(uvicorn.Config(Opening(make, **open_to), timeout_graceful_shutdown=PATIENCE, **kept))
    server.run(sockets=[listener])
    if failed:
        raise failed[0]


def _put(shelf: "Shelf", name: str, asked: dict[str, Any]) -> None:
    from seewhy.web.warming import look, warm

    model = options.loaded(name, asked)
    warm(model, shelf.twins(model))
    shelf.put(name, model)
    look(model)  # of explanations: nobody waits for it yet


def _listening(port: int | None) -> socket.socket:
    """A socket of this machine alone. Raises BadOption where the port that is asked for is taken."""
    for tried in [port] if port else [*range(PORT, PORT + TRIED), 0]:
        # With its protocol named asyncio sends an answer at once; else each waits 40 ms until the client says it heard.
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if sys.platform != "win32":  # where it would let two servers have one port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((HOST, tried))
            made.listen(128)
        except OSError as error:
            made.close()
            if port:
                raise BadOption(
                    f"port {port} can't be had: {error.strerror}", "choose another, or none for the next free one"
                ) from error
            continue
        return made
    raise BadOption("no port is free", "end what holds them")
