"""Every method on the default model beside the peer that does the same, at default options: what `make proofs` runs.

A proof is two calls on the same inputs. Where no peer is right, its place is taken by the paper's formula, slowly, or
left empty with the reason.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pytorch_grad_cam as gc
import torch
import torch.nn.functional as F
import torchcam.methods as tc
from captum import attr as captum
from torch import Tensor, nn

import by_hand
import rectifiers
import superpixel_peers
from benchmarks.superpixel_peers import coalitions, labels_of, lime_masks
from comparing import gradient
from peers import (
    for_peer,
    grad_cam,
    maps_and_gradient,
    maps_of,
    noise_tunnel,
    partition_shap,
    replaced,
    scaled,
    shown,
    split_batch_norms,
    torchcam,
    unit,
)
from rectifiers import ByHand
from seewhy import Explanation, Model, get_method
from seewhy.rng import Rng

LAST = "bn2"  # the default model's last maps, which methods choose by themselves
EARLY = "blocks.0"
NO_ATTENTION = "the default model has no attention; in the suite, the paper's formula on transformers"
Peer = Callable[[Model, Tensor, int], Any]
Ours = Callable[[Explanation, Any], Any]


@dataclass(frozen=True)
class Proof:
    method: str
    peer: str  # its name, or why there is none
    call: Peer | None = None
    layer: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    ours: Ours = lambda made, size: made.values  # what of our map is the peer's
    note: str = ""


def picture(made: Explanation, size: Any, epsilon: float = 1e-7) -> Any:
    return shown(made.values, size, epsilon=epsilon)


def rectified(made: Explanation, size: Any) -> Any:
    return np.maximum(made.values, 0)


def stretched(made: Explanation, size: Any) -> Any:
    return unit(made.values[:, 0])


def by_grad_cam(id: str, kind: Any, *, layer: str = LAST, note: str = "", made: Any = None, **options: Any) -> Proof:
    def call(model: Model, x: Tensor, target: int) -> Any:
        return grad_cam(kind, model, x, [layer], [target], made)

    return Proof(id, f"grad-cam {kind.__name__}", call, layer, options, picture, note)


def by_torchcam(id: str, kind: Any, *, layer: str = LAST, note: str = "", ours: Ours = rectified, **made: Any) -> Proof:
    def call(model: Model, x: Tensor, target: int) -> Any:
        return torchcam(kind, for_peer(model), layer, x, [target], **made)

    return Proof(id, f"torchcam {kind.__name__}", call, layer, ours=ours, note=note)


def by_captum(id: str, kind: Any, *, note: str = "", **asked: Any) -> Proof:
    def call(model: Model, x: Tensor, target: int) -> Any:
        return kind(for_peer(model)).attribute(x, target=target, **asked)

    return Proof(id, f"captum {kind.__name__}", call, note=note)


def by_captum_at(id: str, kind: Any, *, options: Any = None, note: str = "", **asked: Any) -> Proof:
    def call(model: Model, x: Tensor, target: int) -> Any:
        net = for_peer(model)
        return kind(net, net[1].get_submodule(LAST)).attribute(x, target=target, **asked)

    return Proof(id, f"captum {kind.__name__}", call, LAST, options or {}, note=note)


def by_noise_tunnel(id: str, kind: str, *, factor: Any = lambda n: 1.0, note: str = "", **more: Any) -> Proof:
    n, stdev = get_method(id).n_samples, get_method(id).stdev

    def call(model: Model, x: Tensor, target: int) -> Any:
        return factor(n) * noise_tunnel(model, x, kind, n, stdev, target, at_once=5, **more)

    return Proof(id, "captum NoiseTunnel(Saliency)", call, note=f"captum is given our draws{note}")


def by_rule(id: str, rule: Any) -> Proof:
    return Proof(
        id, "by hand: the rule as an autograd function", partial(ruled, rule), note="captum has no rule for ReLU6"
    )


def ruled(rule: Any, model: Model, x: Tensor, target: int) -> Tensor:
    return gradient(replaced(for_peer(model), nn.ReLU6, lambda: ByHand(rule, 6.0)), x, target)


def guided_gradcam(model: Model, x: Tensor, target: int) -> Tensor:
    net = for_peer(model)
    coarse = captum.LayerGradCam(net, net[1].get_submodule(LAST)).attribute(x, target=target).relu()
    return F.interpolate(coarse, x.shape[2:], mode="bilinear") * ruled(rectifiers.guided, model, x, target)


def smooth_plusplus(model: Model, x: Tensor, target: int) -> Tensor:
    method: Any = get_method("smoothgradcam++")
    net, rng = for_peer(model), Rng.for_images(0, x)
    noisy = [x + method.stdev * rng.normal(*x.shape[1:]) for _ in range(method.n_samples)]
    maps = maps_and_gradient(net, LAST, x, target)[0]
    grads = torch.stack([maps_and_gradient(net, LAST, one, target)[1] for one in noisy])
    first, second, third = (grads.pow(k).mean(0) for k in (1, 2, 3))
    alpha = second / (2 * second + maps.sum((2, 3), keepdim=True) * third + 1e-8)
    return ((alpha * first.relu()).sum((2, 3), keepdim=True) * maps).sum(1, keepdim=True)


def full_grad(model: Model, x: Tensor, target: int) -> Any:
    with gc.FullGrad(split_batch_norms(for_peer(model)), []) as peer:
        return peer(x, [scaled(target, 1e8)])


def refined(model: Model, x: Tensor, target: int) -> Any:
    net = for_peer(model, torch.float64)
    layers = [net[1].get_submodule(one) for one in ("blocks.1", "blocks.2", "blocks.4", LAST)]
    return gc.RefineCAM(net, layers)(x.double(), [scaled(target, 1.0)])


def finer(model: Model, x: Tensor, target: int) -> Any:
    net = for_peer(model)
    with gc.FinerCAM(net, [net[1].get_submodule(LAST)]) as peer:
        return peer(x, None, target_idx=target)


PAPERS_RISE = {"normalise": "expected", "antithetic": False}


def rise(model: Model, x: Tensor, target: int) -> Any:
    """The paper's sum, for the masks of ours: the score of a mask times the mask, over the expected share."""
    method: Any = get_method("rise", **PAPERS_RISE)
    rng, net, total = Rng.for_images(0, x), for_peer(model), torch.zeros(x.shape[2:], dtype=torch.float64)
    estimator = method.estimator(model, x, [], rng)
    for block in range(method.n_samples // 8):
        masks = estimator.draw(rng.at(block), block)[0]
        with torch.no_grad():
            scores = net(x * masks[:, None]).softmax(1)[:, target]
        total += (scores.double() @ masks.double().flatten(1)).view(x.shape[2:])
    return (total / (method.n_samples * method.keep))[None, None]


def as_the_paper(made: Explanation, size: Any) -> Any:
    return made.values + made.extras["mean_score"][:, None, None, None]


def sess(model: Model, x: Tensor, target: int) -> Any:
    return grad_cam(gc.SESS, model.at("float64"), x.double(), [LAST], [scaled(target, 1e5)])


def smoothed_scores(model: Model, x: Tensor, target: int) -> Tensor:
    method: Any = get_method("sscam")
    net, rng = for_peer(model), Rng.for_images(0, x)
    channels, n = maps_of(net, EARLY, x).shape[1], method.n_samples
    noise = (torch.cat([rng.normal(1, *x.shape[2:]) for _ in range(channels)], 1) for _ in range(n))
    return torchcam(
        tc.SSCAM, net, EARLY, x, [target], (method.stdev * one for one in noise), num_samples=n, std=method.stdev
    )


def occlusion(model: Model, x: Tensor, target: int) -> Tensor:
    peer, asked = captum.Occlusion(for_peer(model)), {"target": target, "perturbations_per_eval": 8}
    found: Tensor = peer.attribute(x, sliding_window_shapes=(3, 32, 32), strides=(3, 16, 16), baselines=0.0, **asked)
    return found[:, :1]


def guided_path(model: Model, x: Tensor, target: int) -> Any:
    method: Any = get_method("guided_integrated_gradients")
    gradient = by_hand.gradient_of(for_peer(model), target)
    image = x[0].double().numpy()
    return by_hand.guided_path(gradient, image, 0.0, method.n_steps, method.fraction, method.max_dist)[None]


def blur_path(model: Model, x: Tensor, target: int) -> Any:
    method: Any = get_method("blur_integrated_gradients")
    sigmas = method.max_sigma * np.linspace(1, 0, method.n_steps + 1) ** 2
    gradient = by_hand.gradient_of(for_peer(model, torch.float64), target)
    return by_hand.blur_path(gradient, x[0].double().numpy(), sigmas)[None]


def regions(model: Model, x: Tensor, target: int) -> Any:
    """captum's integrated gradients from black and from white, and the regions by hand."""
    method: Any = get_method("xrai")
    integrated = captum.IntegratedGradients(for_peer(model))
    asked = {"target": target, "n_steps": method.n_steps, "internal_batch_size": 5}
    heat = sum(integrated.attribute(x, baselines=one, **asked)[0] for one in (0.0, 1.0)).amax(0).double().numpy() / 2
    masks = by_hand.segments(x[0].double().numpy(), method.scales, method.sigma, method.min_size, method.dilation)
    return by_hand.greedy_regions(masks, heat, method.min_pixels)[0][None, None]


def by_lime(model: Model, x: Tensor, target: int) -> Any:
    labels, n = labels_of(x, "quickshift"), get_method("lime").n_samples
    found, _ = superpixel_peers.lime(model, x, labels, n, target, masks=lime_masks(x, labels.max() + 1, n))
    return found[labels][None, None]


def by_shap(model: Model, x: Tensor, target: int) -> Any:
    labels, n = labels_of(x, "quickshift"), get_method("kernel_shap").n_samples
    given = coalitions(x, labels.max() + 1, n)
    return superpixel_peers.shap_values(model, x, labels, n, given)[labels, target][None, None]


def by_orders(model: Model, x: Tensor, target: int) -> Any:
    labels, n = labels_of(x, "quickshift"), get_method("shapley_sampling").n_samples
    count, rng = int(labels.max()) + 1, Rng.for_images(0, x)
    orders = [rng.at(pair).uniform(1, count)[0, 0].argsort() for pair in range(n // (2 * count - 2))]
    peer = captum.ShapleyValueSampling(nn.Sequential(for_peer(model), nn.Softmax(1)))
    peer.permutation_generator = lambda features, n: [way.tolist() for one in orders for way in (one, one.flip(0))]
    return ablated(peer, x, target, labels)


def by_ablation(model: Model, x: Tensor, target: int) -> Any:
    return ablated(captum.FeatureAblation(for_peer(model)), x, target, labels_of(x, "quickshift"))


def ablated(peer: Any, x: Tensor, target: int, labels: Any) -> Any:
    mask = torch.from_numpy(labels).expand(1, 3, -1, -1).contiguous()
    with torch.no_grad():
        return peer.attribute(x, target=target, baselines=0.0, feature_mask=mask)[:, :1]


def halves(model: Model, x: Tensor, target: int) -> Any:
    """shap's partition explainer, given the picture as bytes, which it is."""
    asked: Any = get_method("partition_shap")
    return partition_shap(model, x, "inpaint_telea", [target], max_evals=asked.max_evals, batch_size=asked.batch_size)[
        None
    ]


FEWER = "an early layer of few channels: the last one's 1280 would take the peer minutes"
PROOFS = [
    by_captum("saliency", captum.Saliency),
    by_captum("input_x_gradient", captum.InputXGradient),
    by_rule("guided_backprop", rectifiers.guided),
    by_rule("deconvnet", rectifiers.deconvnet),
    by_noise_tunnel("smoothgrad", "smoothgrad", abs=False),
    by_noise_tunnel("smoothgrad_squared", "smoothgrad_sq"),
    by_noise_tunnel(
        "vargrad", "vargrad", factor=lambda n: n / (n - 1), abs=False, note="; times n / (n - 1): captum divides by n"
    ),
    by_captum("integrated_gradients", captum.IntegratedGradients, baselines=0.0, internal_batch_size=5),
    Proof("gradient_shap", "none", note="captum draws by itself; in the suite they agree within three standard errors"),
    Proof("expected_gradients", "none", note="shap and captum draw by themselves; three standard errors, in the suite"),
    Proof("lrp", "none", note="zennit and captum can't follow its sums; where they can, the suite compares"),
    Proof("attention_relevance", "none", note=NO_ATTENTION),
    Proof("transformer_attribution", "none", note=NO_ATTENTION),
    Proof("attention_rollout", "none", note=NO_ATTENTION),
    Proof("gradient_rollout", "none", note=NO_ATTENTION),
    Proof("legrad", "none", note=NO_ATTENTION),
    Proof("raw_attention", "none", note=NO_ATTENTION),
    Proof("deep_lift", "none", note="captum has no rule for ReLU6; where it works, the suite compares"),
    Proof(
        "blur_integrated_gradients",
        "by hand: the paper's integral with scipy's blur",
        blur_path,
        options={"precision": "float64"},
        note="both in float64: a blur's last digit, at the kinks of ReLU6, moves float32's map by up to 3 %",
    ),
    Proof("guided_integrated_gradients", "by hand: the paper's algorithm", guided_path),
    Proof("occlusion", "captum Occlusion", occlusion, note="captum repeats the map for each colour"),
    Proof("xrai", "by hand: captum IntegratedGradients, skimage's segments, the paper's loop", regions),
    by_captum_at(
        "layer_integrated_gradients",
        captum.LayerIntegratedGradients,
        baselines=0.0,
        internal_batch_size=5,
    ),
    by_captum_at(
        "layer_conductance",
        captum.LayerConductance,
        options={"quadrature": "left"},
        baselines=0.0,
        n_steps=50,
        method="riemann_trapezoid",
        internal_batch_size=None,
        note="with `quadrature='left'`: captum's usual points leave out both ends",
    ),
    Proof(
        "guided_gradcam", "by hand: the rule times captum LayerGradCam", guided_gradcam, LAST, note="as guided_backprop"
    ),
    by_torchcam("cam", tc.CAM, fc_layer="1.classifier", ours=lambda made, size: made.values),
    by_captum_at("gradcam", captum.LayerGradCam),
    by_torchcam("gradcam", tc.GradCAM),
    by_grad_cam("gradcam", gc.GradCAM),
    by_grad_cam("gradcam++", gc.GradCAMPlusPlus, note="torchcam's divides a temporary copy: wrong"),
    Proof("smoothgradcam++", "by hand: the paper's formula", smooth_plusplus, LAST, note="torchcam departs from it"),
    by_torchcam("xgradcam", tc.XGradCAM),
    by_grad_cam("xgradcam", gc.XGradCAM),
    by_grad_cam("hirescam", gc.HiResCAM),
    by_grad_cam("gradcam_elementwise", gc.GradCAMElementWise),
    by_torchcam("layercam", tc.LayerCAM),
    by_grad_cam("layercam", gc.LayerCAM),
    by_grad_cam("eigencam", gc.EigenCAM),
    by_grad_cam("eigengradcam", gc.EigenGradCAM),
    by_grad_cam("kpcacam", gc.KPCA_CAM),
    by_grad_cam("segeigencam", gc.SegEigenCAM),
    by_grad_cam("fem", gc.FEM),
    Proof(
        "fullgrad", "grad-cam FullGrad", full_grad, ours=stretched, note="it is given timm's batch norms as BatchNorm2d"
    ),
    by_grad_cam("shapleycam", gc.ShapleyCAM),
    Proof("finercam", "grad-cam FinerCAM", finer, LAST, ours=picture),
    Proof(
        "refinecam",
        "grad-cam RefineCAM",
        refined,
        "blocks.1, 2, 4, bn2",
        ours=stretched,
        note="grad-cam is given the network in float64, as ours computes by itself",
    ),
    by_grad_cam("ablationcam", gc.AblationCAM, layer="blocks.0.0.bn1", note=f"{FEWER}; behind a ReLU6, grad-cam's way"),
    by_grad_cam("scorecam", gc.ScoreCAM, layer=EARLY, note=FEWER),
    by_torchcam("iscam", tc.ISCAM, layer=EARLY, note=FEWER),
    Proof(
        "sscam", "torchcam SSCAM", smoothed_scores, EARLY, ours=rectified, note=f"torchcam is given our draws; {FEWER}"
    ),
    Proof(
        "sess",
        "grad-cam SESS",
        sess,
        LAST,
        options={"precision": "float64"},
        ours=stretched,
        note="both in float64: each pixel counts the windows that are above zero there, in float32 some by rounding",
    ),
    Proof(
        "rise",
        "by hand: the paper's sum",
        rise,
        options=PAPERS_RISE,
        ours=as_the_paper,
        note="with `normalise='expected', antithetic=False`, and the mean score added, as the paper has it",
    ),
    Proof("lime", "lime", by_lime, note="lime is given our superpixels and masks"),
    Proof("kernel_shap", "shap KernelExplainer(l1_reg=False)", by_shap, note="shap is given ours, and our coalitions"),
    Proof("shapley_sampling", "captum ShapleyValueSampling", by_orders, note="captum is given ours, and our orders"),
    Proof("feature_ablation", "captum FeatureAblation", by_ablation, note="captum is given our superpixels"),
    Proof(
        "partition_shap",
        "shap PartitionExplainer",
        halves,
        options={"precision": "float64", "fill": "inpaint_telea", "order": "targets"},
        note="both in float64: which region is split next turns on the last digit of near ties; shap "
        "holds 10 MB for each output that it orders by, so it is given one",
    ),
    Proof("randomcam", "none", note="the null; draws of its own"),
]
