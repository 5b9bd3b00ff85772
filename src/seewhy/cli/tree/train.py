"""seewhy tree train: a network that learns to decide by its tree."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seewhy.cli import options
from seewhy.cli.output import Command, document, progress
from seewhy.cli.tree.asking import tree_of, tree_option
from seewhy.errors import BadInput, BadOption, Unsupported
from seewhy.lang import text

if TYPE_CHECKING:
    from seewhy.trees.training import Step

HELD = 5  # of so many photos one is held out where no folder is named


@click.command(cls=Command)
@click.argument("folder", type=click.Path())
@options.model_option()
@tree_option
@click.option("--held-out", type=click.Path(), metavar="DIR", help="Photos to measure on. Default: a fifth of FOLDER.")
@click.option(
    "--loss", type=click.Choice(["soft", "double", "hard"]), default="soft", show_default=True,
    help="Of the tree: -log p; the authors' double softmax; the cross-entropy at each node.",
)  # fmt: skip
@click.option("--weight", type=float, default=1.0, show_default=True, help="Of the tree's term.")
@click.option("--epochs", type=int, default=10, show_default=True, help="Passes over the photos.")
@click.option("--batch", type=int, default=32, show_default=True, help="Photos a step.")
@click.option("--rate", type=float, default=1e-4, show_default=True, help="AdamW's.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the order, and of what is held out.")
@click.option("--fresh", is_flag=True, help="Begin anew where OUT holds a training that was broken off.")
@options.network_options
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default=Path("seewhy-out/training"), show_default=True,
    metavar="OUT", help="A folder for the weights, the tree, the history, and where the training is.",
)  # fmt: skip
@options.lang_option
@options.json_option
@options.quiet_option
def command(folder: str, model: str, **asked: Any) -> None:
    """Tune a network on photos with labels, so that it decides by its tree.

    FOLDER is read as `seewhy tree evaluate` reads it. The tree stays as it is while the network learns. OUT/weights.pt
    is for --weights, OUT/tree.json for --tree. The same call goes on where it was broken off.
    """
    import json

    import torch

    from seewhy.trees import accuracies, fit, save
    from seewhy.trees.photos import Photos

    lang, out = asked["lang"], asked["out"]
    if out.is_file():
        raise BadOption(f"{out} is a file", "name a folder: -o results")
    if not asked["rate"] > 0:
        raise BadOption(f"a rate of {asked['rate']}", "it is more than 0")
    with progress(quiet=asked["quiet"]) as where:
        where.step(text("loading", lang, name=model))
        loaded = options.loaded(model, asked)
        if not isinstance(loaded.module, torch.nn.Module) or not list(loaded.module.parameters()):
            raise Unsupported(f"{loaded.name} has no weights to train", "name a network of torch")
        tree = tree_of(loaded, asked["file"])
        loss = _loss(tree, asked)
        learned, held = (Photos(loaded, pairs, tree) for pairs in _pairs(folder, asked))
        network = loaded.module.requires_grad_(True)
        where.step(text("tree_training", lang, count=len(learned), held=len(held)))

        def tell(step: "Step") -> None:
            where.climbed(step.done, step.total, text("tree_loss_at", lang, value=f"{step.loss:.3f}"))

        before = accuracies(network, held, tree, batch_size=asked["batch"])
        found = fit(
            network, learned, loss, epochs=asked["epochs"], batch_size=asked["batch"], seed=asked["seed"],
            optimizer=lambda parameters: torch.optim.AdamW(parameters, lr=asked["rate"]), held_out=held,
            checkpoint=out, resume=not asked["fresh"], tell=tell,
        )  # fmt: skip
        torch.save(network.state_dict(), out / "weights.pt")
        save(tree, out / "tree.json")
        data = {"before": before, "after": dict(found.epochs[-1].held_out), **found.as_data()}
        (out / "history.json").write_text(json.dumps(data, indent=1) + "\n", "utf-8")
        if not (asked["quiet"] or asked["as_json"]):
            said = [_said(key, data[key], lang) for key in ("before", "after")]
            where.say("\n".join([*said, text("report_in", lang, folder=out)]))
    if asked["as_json"]:
        document({**data, "folder": str(out)})


def _loss(tree: Any, asked: dict[str, Any]) -> Any:
    from seewhy.trees import HardTreeLoss, SoftTreeLoss

    if asked["loss"] == "hard":
        return HardTreeLoss(tree, asked["weight"])
    return SoftTreeLoss(tree, asked["weight"], term="probability" if asked["loss"] == "double" else "log_probability")


def _pairs(folder: str, asked: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """What is learned from, and what is held out."""
    import numpy as np

    from seewhy.trees.labelled import labelled

    listed = labelled(folder)
    if asked["held_out"] is not None:
        return listed, labelled(asked["held_out"])
    if len(listed) < HELD:
        raise BadInput(f"{len(listed)} photos in {folder}", f"{HELD} and more, or --held-out")
    order = np.random.default_rng(asked["seed"]).permutation(len(listed))
    count = len(listed) // HELD
    return [listed[i] for i in sorted(order[count:])], [listed[i] for i in sorted(order[:count])]


def _said(key: str, shares: dict[str, float], lang: str) -> str:
    percents = {name: f"{share:.1%}" for name, share in shares.items()}
    return text(f"tree_{key}", lang, **percents)
