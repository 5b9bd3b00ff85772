"""seewhy models: which networks are there?"""

import click

from seewhy.cli import options
from seewhy.cli.output import Command, document


@click.command(cls=Command)
@click.argument("search", default="")
@options.json_option
def command(search: str, as_json: bool) -> None:
    """The networks by name, those with SEARCH in it.

    A factory of your own is a network too: --model package.module:build or path/to/file.py:build; so are a file.onnx
    and a function of pictures: --model callable:package.module:predict --input uint8.
    """
    from seewhy.errors import UnknownName
    from seewhy.sources import available

    found = [
        name if source == name else f"{source}:{name}"
        for source, names in available().items()
        for name in names
        if search.lower() in f"{source}:{name}".lower()
    ]
    if not found:
        raise UnknownName(f"no model has {search!r} in its name", "try a shorter part of it, such as resnet")
    if as_json:
        document(found)
    else:
        click.echo("\n".join(found))
