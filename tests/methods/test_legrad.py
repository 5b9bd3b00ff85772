"""LeGrad against the paper written out slowly, and against torchcam where that computes the same."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchcam.methods import LeGrad
from torchvision.models import VisionTransformer

from attentive import TinyViT
from conftest import MEAN, STD
from seewhy import Model, SeewhyError, compare, explain

HOWS = ("fused", "plain", "module")


def normed(x: Tensor) -> Tensor:
    mean, std = (torch.tensor(one)[:, None, None] for one in (MEAN, STD))
    return (x - mean) / std


def of_paper(net: TinyViT, x: Tensor, target: int, first: int = 0) -> np.ndarray:
    """One image, block, head and query after the other: (b,n)."""
    found = []
    for image in normed(x).split(1):
        seen: list[Tensor] = []
        hooks = [one.register_forward_hook(lambda _m, _a, out, seen=seen: seen.append(out)) for one in net.blocks]
        net(image)
        weights = [one.weights for one in net.blocks]
        for hook in hooks:
            hook.remove()
        total = np.zeros(seen[0].shape[1])
        for tokens, attention in list(zip(seen, weights, strict=True))[first:]:
            score = net.fc(net.norm(tokens.mean(1)))[0, target]
            (grad,) = torch.autograd.grad(score, attention, retain_graph=True)
            for head in grad[0].numpy():
                for query in head:
                    total += np.maximum(query, 0) / head.shape[0] / len(grad[0]) / (len(seen) - first)
        found.append(total)
    return np.stack(found)


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("others", "pooled"), [(1, False), (5, False), (0, True)])
def test_it_is_the_papers(how: str, others: int, pooled: bool, x: Tensor) -> None:
    more = {"others": others, "pooled": pooled}
    model, plain = Model(TinyViT(how, **more), mean=MEAN, std=STD, size=(16, 20)), TinyViT("plain", **more).eval()
    for first in (0, -1):
        wanted = of_paper(plain, x, 2, first % 3)
        found = explain(model, x, "legrad", 2, start_layer=first)
        cells = wanted[:, others:].reshape(found.values.shape)
        np.testing.assert_allclose(found.values, cells, rtol=1e-3, atol=1e-5 * cells.max())
        np.testing.assert_allclose(found.extras["others"], wanted[:, :others], rtol=1e-3, atol=1e-5 * cells.max())
    assert found.passes.backward == 2


def test_torchcam_agrees_before_it_scales(x: Tensor) -> None:
    torch.manual_seed(0)
    net = VisionTransformer(16, 4, 3, 2, 12, 24, num_classes=4).eval()
    nn.init.normal_(net.heads.head.weight)
    square = x[:, :, :16, :16]
    wanted = []
    for i in range(2):
        with LeGrad(net, list(net.encoder.layers)[-2:]) as peer:
            scores = net(normed(square[i : i + 1]).requires_grad_())
            wanted.append(peer(1, scores, normalized=False)[0].detach().numpy())
    model = Model(net, mean=MEAN, std=STD, size=(16, 16))
    found = explain(model, square, "legrad", 1, start_layer=-2).values
    np.testing.assert_allclose(found, np.stack(wanted).reshape(found.shape), rtol=1e-3, atol=1e-5 * found.max())


@pytest.mark.engine
def test_classes_share_the_forward_with_other_methods(x: Tensor) -> None:
    calls: list[int] = []
    model = Model(TinyViT(), mean=MEAN, std=STD, size=(16, 20))
    model.module.patch.register_forward_hook(lambda *_: calls.append(1))
    model.census()
    explain(model, x, "legrad", 0)  # what proves its tail
    calls.clear()
    found = compare(model, x, ["legrad", "attention_relevance"], [0, 1, 2])
    assert len(calls) == 1
    np.testing.assert_allclose(found["legrad", 2].values, explain(model, x, "legrad", 2).values, rtol=1e-5)


class Inline(nn.Module):
    """Residual connections outside of any module: no module returns what a layer's tokens are."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = TinyViT()

    def forward(self, x: Tensor) -> Tensor:
        own = self.whole
        tokens = own.patch(x).flatten(2).transpose(1, 2)
        for block in own.blocks:
            tokens = tokens + 0.1 * block.attn(tokens, tokens, tokens)[0]
        return own.fc(own.norm(tokens).mean(1))


def test_a_network_whose_layers_are_no_modules_is_refused(x: Tensor) -> None:
    with pytest.raises(SeewhyError, match="in no block of a plain transformer"):
        explain(Model(Inline(), mean=MEAN, std=STD, size=(16, 20)), x, "legrad")
