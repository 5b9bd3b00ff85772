"""Peers that explain by superpixels, and what seewhy draws for an image, which they are given to compare answers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.answers import ranked, relative
from benchmarks.row import Call, Case, Gate, Peer, Setting
from seewhy.ops.coalitions import Kernel
from seewhy.ops.segments import superpixels
from seewhy.rng import Rng
from seewhy.sampling import BLOCK

Array = NDArray[Any]
Scores = Callable[[Array], Array]
SAME = 1e-4  # of coefficients: the largest difference over the largest value


def blocks(x: Tensor, n: int) -> Iterator[Rng]:
    """Seed 0's draws for a single image, block by block."""
    if len(x) != 1:
        raise ValueError("the draws of a single image")
    rng = Rng.for_images(0, x)
    return (rng.at(block) for block in range(-(-n // BLOCK)))


def lime_masks(x: Tensor, count: int, n: int) -> Array:
    """LIME's (n,count), True where a superpixel is shown."""
    masks = torch.cat([rng.integers(2, BLOCK, count)[0].bool() for rng in blocks(x, n)])[:n]
    masks[0] = True
    return masks.numpy()


def coalitions(x: Tensor, count: int, n: int) -> tuple[Array, Array]:
    """Kernel SHAP's (n,count), and what each weighs (n,)."""
    kernel = Kernel.of(count, n)
    masks = [kernel.listed(0, kernel.certain)]
    for block, rng in enumerate(blocks(x, n)):
        drawn = (block + 1) * BLOCK - max(kernel.certain, block * BLOCK)
        if drawn > 0:
            masks.append(kernel.drawn(rng, drawn // 2)[0])
    found = torch.cat(masks)[:n]
    weights = kernel.weights(found.sum(1))
    weights[weights == 0] = kernel.left / max(1, n - kernel.certain)
    return found.numpy(), weights.numpy()


def scorer(net: torch.nn.Module, x: Tensor) -> Scores:
    """Pictures (n,h,w,3) in, probabilities (n,k) out, as lime and shap ask for them."""

    def scores(pictures: Array) -> Array:
        with torch.no_grad():
            found = net(torch.from_numpy(np.ascontiguousarray(pictures)).to(x).movedim(-1, 1)).softmax(1)
        return found.cpu().double().numpy()

    return scores


def picture(x: Tensor) -> Array:
    """A single image as an array (h,w,3)."""
    return x[0].permute(1, 2, 0).cpu().numpy().copy()


def labels_of(x: Tensor, asked: Any) -> Array:
    """A single image's superpixels (h,w)."""
    return superpixels(asked, x, Rng.for_images(0, x))[0].cpu().numpy()


class Given:
    """Stands in for numpy's generator: masks that are given."""

    def __init__(self, masks: Array) -> None:
        self.masks = masks

    def randint(self, low: int, high: int, size: int) -> Array:
        assert (low, high, size) == (0, 2, self.masks.size)
        return self.masks.ravel().astype(int)


@contextmanager
def given_masks(masks: Array) -> Iterator[None]:
    """lime takes these for its own."""
    from lime.lime_image import LimeImageExplainer

    made = LimeImageExplainer.data_labels

    def data_labels(self: Any, *args: Any, **more: Any) -> Any:
        with mock.patch.object(self, "random_state", Given(masks)):
            return made(self, *args, **more)

    with mock.patch.object(LimeImageExplainer, "data_labels", data_labels):
        yield


@contextmanager
def given_coalitions(masks: Array, weights: Array) -> Iterator[None]:
    """shap's KernelExplainer scores these, and weighs them so; it must have asked for as many."""
    from shap import KernelExplainer

    made = KernelExplainer.run

    def run(self: Any) -> None:
        assert self.nsamplesAdded == len(masks)
        self.maskMatrix[:], self.kernelWeights[:], self.synth_data[:] = masks, weights, masks
        made(self)

    with mock.patch.object(KernelExplainer, "run", run):
        yield


def shap_values(scores: Scores, photo: Array, labels: Array, n: int, batch: int) -> Array:
    """KernelExplainer's (count,k), of black superpixels, without its selection of ten features; pictures are made as
    its documentation makes them, so many at a time."""
    from shap import KernelExplainer

    def f(rows: Array) -> Array:
        found = []
        for at in range(0, len(rows), batch):
            pictures = np.repeat(photo[None], len(rows[at : at + batch]), 0)
            for made, row in zip(pictures, rows[at : at + batch], strict=True):
                made[~(row > 0.5)[labels]] = 0
            found.append(scores(pictures))
        return np.concatenate(found)

    explainer = KernelExplainer(f, np.zeros((1, labels.max() + 1)))
    found: Array = explainer.shap_values(np.ones(labels.max() + 1), nsamples=n, l1_reg=False, silent=True)
    return found


def lime(target: float, samples: Callable[[Case], int], cut: Callable[[Case], Any]) -> Peer:
    """cut: the function of the picture that both sides cut superpixels by."""

    def make(case: Case, setting: Setting) -> Call:
        from lime.lime_image import LimeImageExplainer

        scores, photo, label = scorer(case.copy(setting), case.x), picture(case.x), case.classes[0]
        asked: dict[str, Any] = {"batch_size": setting.batch, "segmentation_fn": cut(case), "random_seed": 1}

        def call() -> Array:
            explainer = LimeImageExplainer(kernel_width=0.25, random_state=0)
            made = explainer.explain_instance(
                photo, scores, labels=(label,), top_labels=None, num_samples=samples(case), **asked
            )
            found = dict(made.local_exp[label])
            return np.array([found[one] for one in sorted(found)])

        return call

    def same(case: Case) -> Any:
        return given_masks(lime_masks(case.x, labels_of(case.x, cut(case)).max() + 1, samples(case)))

    settings = tuple(Setting(f"batch_size={n}", n, rows=n) for n in (10, 32, 4, 64))
    return Peer("lime", "lime", target, make, _same("coefficients"), settings, same)


def kernel_shap(
    target: float, samples: Callable[[Case], int], cut: Callable[[Case], Any], *, half: bool = False
) -> Peer:
    """half: ours computes in bfloat16."""

    def make(case: Case, setting: Setting) -> Call:
        scores, photo, function = scorer(case.copy(setting), case.x), picture(case.x), cut(case)
        assert setting.batch is not None
        batch = setting.batch
        return lambda: shap_values(scores, photo, function(photo.astype(float)), samples(case), batch)[
            :, case.classes[0]
        ]

    def same(case: Case) -> Any:
        return given_coalitions(*coalitions(case.x, labels_of(case.x, cut(case)).max() + 1, samples(case)))

    settings = tuple(Setting(f"{n} at a time", n, rows=n) for n in (50, 32, 8, 4))
    return Peer("shap", "shap", target, make, _same("shapley_values", half=half), settings, same)


def _same(name: str, *, half: bool = False) -> Callable[[Case, Any, Any], Gate]:
    def compare(case: Case, ours: Any, theirs: Any) -> Gate:
        if half:
            return ranked(ours.extras[name][0], theirs)
        return Gate(relative(ours.extras[name][0], theirs), SAME, f"{name} of superpixels, without the picture")

    return compare
