"""Spec sections 1, 4 and 9: second-order statistics of features [B,M,d]."""
import math

import torch

from golden import SHAPES, Golden, draw, draw_spd, generator, grid


def centring_matrix(m):
    return (torch.eye(m) - torch.ones(m, m) / m) / m


def covariance(x):
    """The literature's form: Xᵀ J X with the M×M centring matrix."""
    return x.mT @ centring_matrix(x.shape[1]) @ x


def second_moment(x):
    return x.mT @ x / x.shape[1]


def triu(a):
    i, j = torch.triu_indices(a.shape[-1], a.shape[-1])
    return a[:, i, j]


def cross_covariance(q, k, centering="channel"):
    m = q.shape[1]
    if centering == "channel":
        q, k = q - q.mean(1, keepdim=True), k - k.mean(1, keepdim=True)
    elif centering == "scalar":
        q, k = q - q.mean((1, 2), keepdim=True), k - k.mean((1, 2), keepdim=True)
    return q.mT @ k / m


def gaussian_embedding(x, beta=1.0):
    mu = x.mean(1, keepdim=True)
    sigma = covariance(x)
    corner = torch.ones(x.shape[0], 1, 1)
    top = torch.cat([sigma + beta**2 * mu.mT @ mu, beta * mu.mT], 2)
    return torch.cat([top, torch.cat([beta * mu, corner], 2)], 1)


def signed_sqrt(x, epsilon=1e-8):
    return torch.sign(x) * torch.sqrt(x.abs() + epsilon)


def l2_normalize(x):
    return torch.nn.functional.normalize(x, p=2, dim=-1, eps=1e-12)


def bilinear(x):
    return l2_normalize(signed_sqrt(second_moment(x).flatten(1)))


def compact_bilinear(x, h1, s1, h2, s2, length):
    """Count sketches, multiplied as circulants: their circular convolution, by the FFT, summed over positions."""
    def sketch(hashes, signs):
        matrix = torch.zeros(x.shape[2], length)
        matrix[torch.arange(x.shape[2]), hashes.long()] = signs
        return torch.fft.fft(x @ matrix)

    psi = torch.fft.ifft(sketch(h1, s1) * sketch(h2, s2)).real.sum(1)
    return l2_normalize(signed_sqrt(psi))


def deep_bdc(x, t):
    """x [B,M,d]: distances between the channel vectors, of length M."""
    channels = x.mT
    squared = channels.square().sum(2)
    d = squared[:, :, None] + squared[:, None, :] - 2 * channels @ channels.mT
    # The diagonal is 0 up to rounding; clamped with gradient 0 there.
    d = torch.clamp(d * (1 - torch.eye(d.shape[-1])), min=0)
    a = torch.sqrt(d * torch.exp(t) + 1e-5)
    return a - a.mean(1, keepdim=True) - a.mean(2, keepdim=True) + a.mean((1, 2), keepdim=True)


def features(golden):
    for shape in SHAPES:
        yield shape, draw(shape, golden.name, "x", shape)


def goldens():
    for name, f in [
        ("covariance", covariance),
        ("secondMoment", second_moment),
        ("triuCovariance", lambda x: triu(covariance(x))),
        ("bilinear", bilinear),
    ]:
        golden = Golden(name)
        for _, x in features(golden):
            golden.add(f, {"x": x})
        yield golden
