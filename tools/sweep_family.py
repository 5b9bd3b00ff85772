"""One family of timm for `make sweep`: its smallest classifier with random weights, explained, and each map's place
checked without the census that found it.

The check changes five small places of a picture, none of which the census uses and no two of which are each other's
mirror image, and looks at what a plain hook sees: what changes has to lie where the picture changed, nearer than under
each turn and reflection of the map. Grad-CAM's values have to be those of plain autograd at that hook.
"""

import math
import time
import warnings
from itertools import product
from typing import Any

import skimage.data
import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from seewhy import SeewhyError, explain, load
from seewhy.errors import Unsupported
from seewhy.model.attending import attending

PLACES = ((0.2, 0.58), (0.42, 0.15), (0.83, 0.74), (0.62, 0.37), (0.36, 0.86))  # of height and width
SIDE = 1 / 12  # half of a place's height and width
NEAR = 0.2  # of the side, at most, between a change and its place, on the mean over the places
WEIGHT = 0.02  # of heads that start at zero
COARSE = 4  # cells: from so many a side on a place can be told


class Schedules(TorchFunctionMode):
    """Numbers that networks read while they are made, as rates of dropping paths, have to be there."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        where = {"device": "cpu"} if func is torch.linspace else {}
        return func(*args, **{**(kwargs or {}), **where})


def smallest(family: str) -> tuple[str, int, bool]:
    """The variant with the fewest parameters, how many, and whether it is to be given classes: it has none of its own
    and can be built with a head for some."""
    names = [one for one in timm.list_models(module=family) if not one.startswith("test_")]
    configs = {name: timm.get_pretrained_cfg(name) for name in names}
    own = [name for name in names if configs[name] is None or configs[name].num_classes]
    sizes: dict[str, int] = {}
    heads = set()
    for name in own or names:
        with torch.device("meta"), Schedules():
            model = timm.create_model(name, num_classes=10)
        sizes[name] = sum(p.numel() for p in model.parameters())
        heads |= {name} if model.num_classes else set()
    chosen = min(sizes, key=lambda name: (sizes[name], name))
    return chosen, sizes[chosen], not own and chosen in heads


def made(name: str, headless: bool) -> Any:
    """The model with random weights; its head draws some where it starts at zero, else no score would ever
    move, and norms that start at zero, as at the end of Swin v2's blocks, at one, else no block would do anything."""
    torch.manual_seed(0)
    given = {"classes": [f"class {i}" for i in range(10)]} if headless else {}
    model = load(f"timm:{name}", weights="random", **given)
    for part in model.module.modules():
        if isinstance(part, nn.Linear | nn.Conv2d) and not part.weight.any():
            nn.init.normal_(part.weight, std=WEIGHT)
        if isinstance(part, nn.LayerNorm) and part.weight is not None and not part.weight.any():
            nn.init.ones_(part.weight)
    return model


def picture(model: Any) -> Tensor:
    photo = torch.from_numpy(skimage.data.chelsea()).permute(2, 0, 1)[None] / 255
    return F.interpolate(photo, model.probe_size, mode="bilinear", antialias=True)[:, : len(model.mean)]


def changed(x: Tensor) -> Tensor:
    """The picture, and the five with one place changed: (6,c,h,w)."""
    found = x.repeat(1 + len(PLACES), 1, 1, 1)
    (h, w), noise = x.shape[2:], torch.rand(x.shape[1:], generator=torch.Generator().manual_seed(1))
    for image, (down, right) in zip(found[1:], PLACES, strict=True):
        box = (
            ...,
            slice(int(h * (down - SIDE)), int(h * (down + SIDE))),
            slice(int(w * (right - SIDE)), int(w * (right + SIDE))),
        )
        image[box] = noise[box]
    return found


def follows(maps: Tensor) -> str:
    """Of maps (6,d,r,q) of the changed pictures: "" where what changes lies where they changed, else how far off."""
    change = (maps[1:] - maps[:1]).double().square().sum(1)
    if min(change.shape[1:]) < COARSE:
        return ""
    share = change / change.sum((1, 2), keepdim=True)
    more = (share - share.mean(0)).clamp_min(0)  # what this place changes more than the others do
    sharp = (more / more.amax((1, 2), keepdim=True)).square()
    sharp = sharp / sharp.sum((1, 2), keepdim=True)
    axes = [(torch.arange(n, dtype=sharp.dtype) + 0.5) / n for n in sharp.shape[1:]]
    found = torch.stack([sharp.sum(2) @ axes[0], sharp.sum(1) @ axes[1]], 1)
    wanted = torch.tensor(PLACES, dtype=sharp.dtype)
    off = {how: float((turned(found, *how) - wanted).norm(dim=1).mean()) for how in product((False, True), repeat=3)}
    own = off.pop((False,) * 3)
    return "" if own <= NEAR and own < min(off.values()) else f"{own:.2f} off its place, turned {min(off.values()):.2f}"


def turned(at: Tensor, swap: bool, down: bool, across: bool) -> Tensor:
    """Places (n,2) as a map that is turned over its diagonal, upside down or mirrored shows them."""
    at = at.flip(1) if swap else at
    return (at - torch.tensor([down, across]).to(at)).abs()


def hooked(model: Any, name: str, x: Tensor) -> tuple[Tensor, Tensor]:
    """Scores of pixels, and what the layer returns for them at its last call, in the graph."""
    seen: list[Tensor] = []

    def hook(_module: nn.Module, _args: Any, output: Tensor) -> Tensor:
        seen.append(output.clone() if output.requires_grad else output.clone().requires_grad_())
        return seen[-1].clone()  # what follows may work in place

    mean, std = (torch.tensor(one)[:, None, None] for one in (model.mean, model.std))
    with model.module.get_submodule(name).register_forward_hook(hook):
        return model.module((x - mean) / std), seen[-1]


def own_gradcam(model: Any, name: str, layout: Any, x: Tensor, target: int) -> Tensor:
    model.module.eval()
    scores, output = hooked(model, name, x)
    (grad,) = torch.autograd.grad(scores[:, target].sum(), output)
    maps, grads = layout.maps(output.detach()), layout.maps(grad)
    return (grads.mean((2, 3), keepdim=True) * maps).sum(1)


def tried(model: Any, x: Tensor, method: str) -> tuple[Any, str]:
    """An explanation and "ok", or None and why not."""
    try:
        found = explain(model, x, method, target=0)
    except Unsupported as error:
        return None, f"refused: {error.problem}"
    except SeewhyError as error:
        return None, f"failed: {error.problem}"
    values = torch.from_numpy(found.values)
    if not values.isfinite().all():
        return None, "not finite"
    return (None, "blank") if not values.any() or values.std() == 0 else (found, "ok")


def cam(model: Any, x: Tensor, row: dict[str, Any]) -> None:
    found, row["gradcam"] = tried(model, x, "gradcam")
    census = model.census(x)
    if census.maps:
        layer = census.layer(census.maps)
        row |= {"layer": layer.name, "grid": str(layer.layout), "locality": layer.locality}
    if found is None:
        return
    (name,) = found.layers
    layout = census.layer(name).layout
    wanted, got = own_gradcam(model, name, layout, x, 0), torch.from_numpy(found.values)[:, 0]
    if not torch.allclose(got, wanted, rtol=1e-3, atol=2e-3 * float(wanted.abs().max())):
        apart = float((got - wanted).abs().max() / wanted.abs().max())
        row["gradcam"] = f"wrong: differs from plain autograd by {apart:.1%}"
    with torch.no_grad():
        off = follows(layout.maps(hooked(model, name, changed(x))[1]))
    if off:
        row["gradcam"] = f"wrong: {off}"
    elif not census.layer(name).proved:
        row["gradcam"] = "unproved"


def attention(model: Any, x: Tensor, row: dict[str, Any]) -> None:
    known = model.census(x).attention
    if not known:
        row["attention"] = "none"
        return
    row["calls"] = len(known)
    found, row["attention"] = tried(model, x, "attention_relevance")
    if found is None:
        return
    row["tokens"] = str(known[0].keys)
    mean, std = (torch.tensor(one)[:, None, None] for one in (model.mean, model.std))
    with torch.no_grad(), attending(model.module) as calls:
        model.module((changed(x) - mean) / std)
    placed = [(one, one.axes.headed(call.value)) for one, call in zip(known, calls, strict=True) if any(one.keys.cells)]
    offs = [(one.layer, follows(one.keys.maps(value.transpose(1, 2).flatten(2)))) for one, value in placed]
    wrong = [f"{name} {off}" for name, off in offs if off]
    if wrong:
        row["attention"] = f"wrong: {len(wrong)} of {len(offs)}, {wrong[0]}"
    elif not all(one.proved for one in known):
        row["attention"] = f"unproved: {sum(not one.proved for one in known)} of {len(known)}"


def swept(family: str) -> dict[str, Any]:
    """A row of the table."""
    warnings.simplefilter("ignore")
    started = time.perf_counter()
    name, parameters, headless = smallest(family)
    row: dict[str, Any] = {"family": family, "variant": name, "parameters": parameters}
    try:
        model = made(name, headless)
        x = picture(model)
        row["size"] = "x".join(map(str, x.shape[2:]))
        cam(model, x, row)
        _, row["saliency"] = tried(model, x, "saliency")
        attention(model, x, row)
    except Unsupported as error:
        row |= dict.fromkeys(("gradcam", "saliency", "attention"), f"refused: {error.problem}")
    except Exception as error:  # whatever it is, it is this family's row
        row["failed"] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    row["verdict"] = verdict(row)
    row["seconds"] = math.ceil(time.perf_counter() - started)
    return row


def verdict(row: dict[str, Any]) -> str:
    cells = [str(row.get(name, "")) for name in ("gradcam", "saliency", "attention")]
    if "failed" in row:
        return "failed"
    of = [cell.partition(":")[0] for cell in cells]
    for one in ("wrong", "refused", "unproved"):
        if one in of and not {"failed", "blank", "not finite", ""} & {*of}:
            return one
    return "verified" if of[:2] == ["ok", "ok"] and of[2] in ("ok", "none") else "failed"
