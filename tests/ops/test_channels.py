import torch

from seewhy.ops.channels import distinct, each_min_max, picked


def test_each_channel_is_scaled_by_itself_and_a_flat_one_is_zero() -> None:
    maps = torch.tensor([[[[1.0, 3.0]], [[-2.0, -1.0]], [[5.0, 5.0]]]])
    assert torch.equal(each_min_max(maps), torch.tensor([[[[0.0, 1.0]], [[0.0, 1.0]], [[0.0, 0.0]]]]))


def test_equal_channels_are_told_once_an_image_and_short_rows_repeat() -> None:
    a, b, c = torch.eye(3).view(3, 1, 3)
    maps = torch.stack([torch.stack([a, b, a, c]), torch.stack([b, b, b, b])])
    first, which = distinct(maps)
    assert first.shape == (2, 3) and which.shape == (2, 4)
    assert sorted(first[0].tolist()) == [0, 1, 3] and first[1].tolist() == [0, 0, 0]
    for image in range(2):
        assert torch.equal(maps[image][first[image][which[image]]], maps[image])


def test_a_channel_is_picked_for_each_image() -> None:
    maps = torch.arange(12.0).view(2, 3, 1, 2)
    assert torch.equal(picked(maps, torch.tensor([2, 0])), torch.stack([maps[0, 2:3], maps[1, 0:1]]))
