"""seewhy tree explain: by which decisions does a network come to its class?"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.each_photo import each
from seewhy.cli.names import complete_method
from seewhy.cli.output import Command, Progress
from seewhy.cli.photos import distinct
from seewhy.cli.tree.asking import rule_option, tree_of, tree_option
from seewhy.lang import text

if TYPE_CHECKING:
    from seewhy.model import Model
    from seewhy.results.decisions import Decisions

OUT = Path("seewhy-out")


@click.command(cls=Command)
@options.photos_argument
@options.model_option()
@tree_option
@rule_option
@click.option("--all", "every", is_flag=True, help="Nodes without a name, too, which are in the next one otherwise.")
@click.option(
    "-m", "--method", shell_complete=complete_method, metavar="ID",
    help="What explains each decision: see `seewhy methods`. Default: gradcam, or the first that fits the network.",
)  # fmt: skip
@click.option("--no-maps", is_flag=True, help="Decisions alone: one forward a photo.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of a method that samples.")
@options.network_options
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), metavar="DIR",
    help="Where a folder goes for each photo: decisions.html, .png, .json, and .npz with raw maps. Default seewhy-out.",
)  # fmt: skip
@options.lang_option
@options.json_option
@options.quiet_option
@click.pass_context
def command(ctx: click.Context, /, photos: tuple[str, ...], model: str, out: Path | None, **asked: Any) -> None:
    """The decisions that lead to a class: "animal (99.3%), carnivore (99.1%), cat (99.5%)".

    The network's last layer is made into a tree; at each node a photo goes to one branch, and the others are rejected.
    Each decision is explained by what speaks for its branch and against the rejected ones.
    """
    each(ctx, photos, model, asked, "deciding", _done, places=lambda found: _folders(found, out))


def _folders(photos: list[Path], out: Path | None) -> list[Path]:
    """Where each photo's files go."""
    return [(out or OUT) / f"{name}-tree" for name in distinct([photo.stem for photo in photos])]


def _done(model: "Model", photo: Path, folder: Path, where: Progress, asked: dict[str, Any]) -> dict[str, Any]:
    from seewhy.render.decisions import lines

    lang = asked["lang"]
    if "tree" not in asked:  # the same for all photos
        asked["tree"] = tree_of(model, asked["file"])
    found = _found(model, photo, asked)
    found.save(folder, lang)
    if not (asked["quiet"] or asked["as_json"]):
        said = lines(found, lang)
        if not found.agrees:
            said.append(f"  {text('tree_try_marginal', lang)}")
        page = text("results_in", lang, folder=folder, page=folder / "decisions.html")
        where.say("\n".join([f"{photo}: {said[0]}", *said[1:], f"  {page}"]))
    return {**found.as_data(), "folder": str(folder)}


def _found(model: "Model", photo: Path, asked: dict[str, Any]) -> "Decisions":
    from dataclasses import replace

    from seewhy.cli.plan import chosen
    from seewhy.stepwise import explain_decisions
    from seewhy.trees import decide

    tree, rule, every = asked["tree"], asked["rule"], asked["every"]
    if asked["no_maps"]:
        plain: Decisions = decide(model, str(photo), tree, rule)
        return replace(plain, every=every)
    method = asked["method"] or chosen([model])[0]
    found: Decisions = explain_decisions(model, str(photo), tree, rule, method, every=every, seed=asked["seed"])
    return found
