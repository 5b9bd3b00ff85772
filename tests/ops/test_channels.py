import torch

from seewhy.ops.channels import distinct, each_min_max


def test_each_channel_is_scaled_by_itself_and_a_flat_one_is_zero() -> None:
    maps = torch.tensor([[[[1.0, 3.0]], [[-2.0, -1.0]], [[5.0, 5.0]]]])
    assert torch.equal(each_min_max(maps), torch.tensor([[[[0.0, 1.0]], [[0.0, 1.0]], [[0.0, 0.0]]]]))


def test_equal_channels_are_told_once_an_image_and_none_is_there_again() -> None:
    a, b, c = torch.eye(3).view(3, 1, 3)
    maps = torch.stack([torch.stack([a, b, a, c]), torch.stack([b, b, b, b])])
    images, channels, which = distinct(maps)
    assert images.tolist() == [0, 0, 0, 1] and which.shape == (2, 4)
    assert sorted(channels[:3].tolist()) == [0, 1, 3] and channels[3] == 0
    assert torch.equal(maps[images, channels][which], maps)
    assert torch.equal(images[which], torch.tensor([[0] * 4, [1] * 4])), "each channel's own image is asked"
