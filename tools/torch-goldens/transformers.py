"""Transformers for make_backbone_goldens.py: DeiT and Swin are timm's own; Tokens-to-Token ViT and DropCov's network follow their authors' code.

No masks: dropout and stochastic depth are left out, as every framework draws its own.
"""
import math

import timm
import torch
from timm.models.densenet import DenseBlock
from timm.models.swin_transformer import SwinTransformer
from timm.models.vision_transformer import VisionTransformer
from torch import nn

CLASSES = 5


class Attention(nn.Module):
    """`width` channels out of `dim`; where they differ, the values are the shortcut."""

    def __init__(self, dim, width, heads, scale):
        super().__init__()
        self.heads, self.scale, self.shortcut = heads, scale, dim != width
        self.qkv = nn.Linear(dim, 3 * width, bias=False)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        b, n, _ = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = ((q @ k.transpose(-2, -1)) * self.scale).softmax(-1) @ v
        y = self.proj(y.transpose(1, 2).reshape(b, n, -1))
        return v.squeeze(1) + y if self.shortcut else y


class Mlp(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x):
        return self.fc2(nn.functional.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, dim, heads, hidden, scale):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = Attention(dim, dim, heads, scale)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, hidden)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class TokenTransformer(nn.Module):
    def __init__(self, dim, width):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = Attention(dim, width, 1, dim**-0.5)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, width)

    def forward(self, x):
        x = self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class TokenPerformer(nn.Module):
    def __init__(self, dim, width):
        super().__init__()
        self.width, self.m = width, width // 2
        self.kqv = nn.Linear(dim, 3 * width)
        self.proj = nn.Linear(width, width)
        self.norm1 = nn.LayerNorm(dim)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))
        self.w = nn.Parameter(torch.zeros(self.m, width), requires_grad=False)

    def features(self, x):
        return torch.exp(x @ self.w.T - (x * x).sum(-1, keepdim=True) / 2) / math.sqrt(self.m)

    def forward(self, x):
        k, q, v = torch.split(self.kqv(self.norm1(x)), self.width, dim=-1)
        kp, qp = self.features(k), self.features(q)
        total = torch.einsum("bti,bi->bt", qp, kp.sum(dim=1)).unsqueeze(2)
        y = torch.einsum("bti,bni->btn", qp, torch.einsum("bin,bim->bnm", v, kp)) / (total + 1e-8)
        x = v + self.proj(y)
        return x + self.mlp(self.norm2(x))


class TokensToToken(nn.Module):
    def __init__(self, width, token, kind):
        super().__init__()
        self.soft_split0 = nn.Unfold(7, stride=4, padding=2)
        self.soft_split1 = nn.Unfold(3, stride=2, padding=1)
        self.soft_split2 = nn.Unfold(3, stride=2, padding=1)
        self.attention1 = kind(3 * 49, token)
        self.attention2 = kind(9 * token, token)
        self.project = nn.Linear(9 * token, width)

    def forward(self, x):
        x = self.attention1(self.soft_split0(x).transpose(1, 2))
        x = self.attention2(self.soft_split1(self.square(x)).transpose(1, 2))
        return self.project(self.soft_split2(self.square(x)).transpose(1, 2))

    @staticmethod
    def square(x):
        b, n, c = x.shape
        return x.transpose(1, 2).reshape(b, c, math.isqrt(n), math.isqrt(n))


class Transition(nn.Sequential):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.add_module("norm", nn.BatchNorm2d(inputs))
        self.add_module("conv", nn.Conv2d(inputs, outputs, 1, bias=False))
        self.add_module("pool", nn.AvgPool2d(2, 2))


class DenseTokens(nn.Module):
    def __init__(self, width, stem, layers, growth, transition):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, stem, 3, 1, 1), nn.MaxPool2d(3, 2, 1))
        stages = []
        for inputs in (stem, transition, transition):
            stages.append(DenseBlock(layers, inputs, bn_size=2, growth_rate=growth))
            stages.append(Transition(inputs + layers * growth, transition))
        self.stage = nn.Sequential(*stages)
        self.transition = nn.Conv2d(transition, width, 1)

    def forward(self, x):
        return self.transition(self.stage(self.stem(x))).flatten(2).transpose(1, 2)


class VisualTokens(nn.Module):
    def __init__(self, *args):
        super().__init__()
        self.tokens = DenseTokens(*args)

    def forward(self, x):
        return self.tokens(x)


class MultiHeadPooling(nn.Module):
    """Without its dropouts, and with the mean over tokens and channels that the authors' code subtracts."""

    def __init__(self, width, heads, size):
        super().__init__()
        self.heads, self.size = heads, size
        self.wr = nn.Linear(width, 3 * heads * size, bias=False)

    def forward(self, x):
        b, n, _ = x.shape
        qk = self.wr(x).reshape(b, n, 3, self.heads, self.size).permute(2, 0, 3, 1, 4)
        q, k = (part - part.mean((-2, -1), keepdim=True) for part in (qk[0], qk[1]))
        return (q.transpose(-2, -1) @ k / n).reshape(b, -1)


class SumHead(nn.Module):
    def __init__(self, width, heads, size, classes):
        super().__init__()
        self.representation = MultiHeadPooling(width, heads, size)
        self.visual_fc = nn.Linear(heads * size * size, classes)
        self.cls_fc = nn.Linear(width, classes)

    def forward(self, x):
        return self.visual_fc(self.representation(x[:, 1:])) + self.cls_fc(x[:, 0])


class Transformer(nn.Module):
    """Tokens, a class token, fixed positions, blocks; `head` sees all tokens."""

    def __init__(self, tokens, name, count, width, depth, heads, mlp, scale, head_name, head):
        super().__init__()
        self.names = name, head_name
        setattr(self, name, tokens)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + count, width), requires_grad=False)
        self.blocks = nn.ModuleList([Block(width, heads, int(width * mlp), scale) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        setattr(self, head_name, head)

    def forward(self, x):
        tokens, head = (getattr(self, name) for name in self.names)
        x = tokens(x)
        x = torch.cat((self.cls_token.expand(len(x), -1, -1), x), 1) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return head(self.norm(x))


class FirstToken(nn.Linear):
    def forward(self, x):
        return super().forward(x[:, 0])


def t2t(kind, side, token, width, depth, heads, mlp, classes):
    tokens = TokensToToken(width, token, kind)
    head = FirstToken(width, classes)
    return Transformer(tokens, "tokens_to_token", side * side, width, depth, heads, mlp, width**-0.5, "head", head)


def deit_drop(side, dense, width, depth, heads, mlp, pooled, classes):
    tokens = VisualTokens(width, *dense)
    head = SumHead(width, *pooled, classes)
    scale = (width // heads) ** -0.5
    return Transformer(tokens, "visual_tokens", side * side, width, depth, heads, mlp, scale, "classifier", head)


DENSE = (64, 6, 16, 128)
SMALL = {
    "deit-narrow": lambda: VisionTransformer(
        img_size=32, patch_size=8, embed_dim=24, depth=2, num_heads=3, mlp_ratio=2, num_classes=CLASSES
    ),
    "swin-narrow": lambda: SwinTransformer(
        img_size=32, patch_size=4, embed_dim=16, depths=(2, 2), num_heads=(2, 4), window_size=4, mlp_ratio=2,
        drop_path_rate=0.0, num_classes=CLASSES,
    ),
    "t2t-vit-narrow": lambda: t2t(TokenPerformer, 2, 8, 24, 2, 3, 2, CLASSES),
    "t2t-vit-t-narrow": lambda: t2t(TokenTransformer, 2, 8, 24, 2, 3, 2, CLASSES),
    "deit-drop-narrow": lambda: deit_drop(2, (8, 2, 4, 8), 24, 2, 3, 2.5, (2, 4), CLASSES),
}
FULL = {
    "deit-tiny": lambda: timm.create_model("deit_tiny_patch16_224"),
    "deit-small": lambda: timm.create_model("deit_small_patch16_224"),
    "deit-base": lambda: timm.create_model("deit_base_patch16_224"),
    "swin-tiny": lambda: timm.create_model("swin_tiny_patch4_window7_224", drop_path_rate=0.0),
    "swin-small": lambda: timm.create_model("swin_small_patch4_window7_224", drop_path_rate=0.0),
    "swin-base": lambda: timm.create_model("swin_base_patch4_window7_224", drop_path_rate=0.0),
    "t2t-vit-14": lambda: t2t(TokenPerformer, 14, 64, 384, 14, 6, 3, 1000),
    "t2t-vit-t-14": lambda: t2t(TokenTransformer, 14, 64, 384, 14, 6, 3, 1000),
    "deit-drop-tiny": lambda: deit_drop(14, DENSE, 240, 12, 4, 2.5, (6, 14), 1000),
    "deit-drop-small": lambda: deit_drop(14, DENSE, 384, 12, 6, 4, (6, 24), 1000),
    "deit-drop-base": lambda: deit_drop(14, DENSE, 768, 12, 12, 4, (12, 24), 1000),
    "t2t-vit-drop-14": lambda: deit_drop(14, DENSE, 384, 14, 6, 3, (6, 24), 1000),
}
