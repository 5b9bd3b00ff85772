"""Attention seen where it is computed, and put back as it was."""

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn

from attentive import TinyViT
from seewhy.model.attending import attending

HOWS = ("fused", "plain", "module")


def of_three(x: Tensor) -> list[list[Tensor]]:
    """Weights of all calls of the same network whose attention is computed in three ways."""
    found = []
    for how in HOWS:
        net = TinyViT(how).eval()
        with torch.no_grad(), attending(net) as calls:
            net(x)
        found.append([call.weights() for call in calls])
    return found


def test_fused_attention_is_that_of_plain_products(x: Tensor) -> None:
    plain = TinyViT("plain").eval()
    with torch.no_grad():
        plain(x)
    for of_how in of_three(x):
        assert len(of_how) == 3
        for block, weights in zip(plain.blocks, of_how, strict=True):
            torch.testing.assert_close(weights, block.weights, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("how", HOWS)
def test_the_gradient_of_the_weights_is_autograds(how: str, x: Tensor) -> None:
    plain, net = TinyViT("plain").eval(), TinyViT(how).eval()
    wanted = torch.autograd.grad(plain(x)[:, 2].sum(), [block.weights for block in plain.blocks])
    for cut in (None, 0):
        with torch.set_grad_enabled(cut is None), attending(net, cut) as calls:
            out = net(x)
        grads = torch.autograd.grad(out[:, 2].sum(), [call.out for call in calls])
        for call, grad, own in zip(calls, grads, wanted, strict=True):
            torch.testing.assert_close(call.weights_gradient(grad), own, rtol=1e-4, atol=1e-6)


def test_the_graph_starts_where_it_is_cut(x: Tensor) -> None:
    net = TinyViT().eval()
    with torch.no_grad(), attending(net, cut=1) as calls:
        out = net(x)
        assert torch.is_grad_enabled(), "until the caller's block ends"
    assert not torch.is_inference_mode_enabled() and [call.out.requires_grad for call in calls] == [False, True, True]
    assert calls[1].out.is_leaf and out.requires_grad


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "cait_xxs24_224"])
def test_the_weights_give_what_timms_fused_attention_returned(name: str) -> None:
    net = timm.create_model(name).eval()
    x = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.no_grad(), attending(net) as calls:
        seen = net(x)
    with torch.no_grad():
        assert torch.equal(net(x), seen), "watching changes nothing"
        mine = [call.weights() @ call.value - call.out for call in calls]
    assert len(calls) == sum(hasattr(one, "qkv") or hasattr(one, "k") for one in net.modules())
    assert max(float(one.abs().max()) for one in mine) < 2e-6


def test_torchvisions_attention_is_there_although_it_asks_for_no_weights() -> None:
    net = torchvision.models.VisionTransformer(32, 8, 2, 4, 16, 32, num_classes=3).eval()
    nn.init.normal_(net.heads[0].weight)
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad(), attending(net) as calls:
        seen = net(x)
        asked = net.encoder.layers[0].self_attention(*[net.encoder.layers[0].ln_1(entering(net, x))] * 3)[1]
    with torch.no_grad():
        torch.testing.assert_close(net(x), seen)
    torch.testing.assert_close(calls[0].weights().mean(1), asked)
    assert calls[0].layer == "encoder.layers.encoder_layer_0.self_attention"


def entering(net: torchvision.models.VisionTransformer, x: Tensor) -> Tensor:
    tokens = net._process_input(x)
    return torch.cat([net.class_token.expand(len(x), -1, -1), tokens], 1) + net.encoder.pos_embedding


@pytest.mark.parametrize("masked", ["added", "truths", "padding"])
def test_masks_are_as_torchs_own(masked: str) -> None:
    torch_generator = torch.Generator().manual_seed(0)
    net, x = nn.MultiheadAttention(8, 2, batch_first=True).eval(), torch.randn(2, 5, 8, generator=torch_generator)
    hidden = torch.ones(5, 5).triu(1).bool()
    masks = {
        "added": {"attn_mask": torch.zeros(5, 5).masked_fill(hidden, float("-inf"))},
        "truths": {"attn_mask": hidden},
        "padding": {"key_padding_mask": torch.tensor([[False] * 4 + [True]] * 2)},
    }[masked]
    with torch.no_grad():
        wanted, weights = net(x, x, x, average_attn_weights=False, **masks)
        with attending(net) as calls:
            found, seen = net(x, x, x, average_attn_weights=False, **masks)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(seen, weights)
    torch.testing.assert_close(calls[0].weights(), weights)


def test_no_hook_is_left_when_the_network_fails(x: Tensor) -> None:
    net = TinyViT().eval()
    net.blocks[1].forward = lambda _x: 1 / 0
    with pytest.raises(ZeroDivisionError), attending(net):
        net(x)
    assert not any(one._forward_hooks or one._forward_pre_hooks for one in net.modules())
