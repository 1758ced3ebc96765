"""CycleGAN once more, from the paper alone: both tellings must learn the same, number for number.

Nothing below the imports knows how the project computes: networks, losses, pool and order of updates
are written from Zhu et al. 2017, "Unpaired Image-to-Image Translation using Cycle-Consistent
Adversarial Networks" (sections 3, 4 and 7.1), in plain PyTorch and without batching calls together.
"""

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH = 8
BLOCKS = 2


class Residual(nn.Module):
    """R: two 3x3 convolutions beside an identity, nothing after the sum."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
        )

    def forward(self, features: Tensor) -> Tensor:
        return features + self.inner(features)


def restate_generator() -> nn.Sequential:
    """c7s1-8, d16, d32, R32 x 2, u16, u8, c7s1-3."""
    return nn.Sequential(
        *(nn.ReflectionPad2d(3), nn.Conv2d(3, WIDTH, 7)),
        *(nn.InstanceNorm2d(WIDTH), nn.ReLU()),
        nn.Conv2d(WIDTH, WIDTH * 2, 3, stride=2, padding=1),
        *(nn.InstanceNorm2d(WIDTH * 2), nn.ReLU()),
        nn.Conv2d(WIDTH * 2, WIDTH * 4, 3, stride=2, padding=1),
        *(nn.InstanceNorm2d(WIDTH * 4), nn.ReLU()),
        *(Residual(WIDTH * 4) for _ in range(BLOCKS)),
        nn.ConvTranspose2d(WIDTH * 4, WIDTH * 2, 3, stride=2, padding=1, output_padding=1),
        *(nn.InstanceNorm2d(WIDTH * 2), nn.ReLU()),
        nn.ConvTranspose2d(WIDTH * 2, WIDTH, 3, stride=2, padding=1, output_padding=1),
        *(nn.InstanceNorm2d(WIDTH), nn.ReLU()),
        *(nn.ReflectionPad2d(3), nn.Conv2d(WIDTH, 3, 7), nn.Tanh()),
    )


def restate_discriminator() -> nn.Sequential:
    """C8 without a norm, C16 at stride 2, C32 at stride 1, one score per patch."""
    return nn.Sequential(
        *(nn.Conv2d(3, WIDTH, 4, stride=2, padding=1), nn.LeakyReLU(0.2)),
        nn.Conv2d(WIDTH, WIDTH * 2, 4, stride=2, padding=1),
        *(nn.InstanceNorm2d(WIDTH * 2), nn.LeakyReLU(0.2)),
        nn.Conv2d(WIDTH * 2, WIDTH * 4, 4, stride=1, padding=1),
        *(nn.InstanceNorm2d(WIDTH * 4), nn.LeakyReLU(0.2)),
        nn.Conv2d(WIDTH * 4, 1, 4, stride=1, padding=1),
    )


class RestatedPool:
    """Section 4: show the discriminator a history of 50 images rather than the latest ones."""

    def __init__(self, size, draws) -> None:
        self.size, self.draws, self.stored = size, draws, []

    def exchange(self, images: Tensor) -> Tensor:
        return torch.stack([self._exchange_one(image) for image in images])

    def _exchange_one(self, image: Tensor) -> Tensor:
        if len(self.stored) < self.size:
            self.stored.append(image)
            return image
        if not self.draws.coin():
            return image
        place = self.draws.place(self.size)
        old, self.stored[place] = self.stored[place], image
        return old


class RestatedCycleGAN:
    def __init__(
        self,
        networks,
        game="least_squares",
        cycle_weight=10.0,
        identity_weight=5.0,
        pool_size=50,
        draws=None,
    ):
        self.to_b, self.to_a = restate_generator(), restate_generator()
        self.judge_a, self.judge_b = restate_discriminator(), restate_discriminator()
        self.names = dict(
            generator_ab=self.to_b,
            generator_ba=self.to_a,
            discriminator_a=self.judge_a,
            discriminator_b=self.judge_b,
        )
        for name, net in self.names.items():
            copy(networks[name], net)
        self.score = {"least_squares": F.mse_loss, "vanilla": F.binary_cross_entropy_with_logits}[
            game
        ]
        self.cycle_weight, self.identity_weight = cycle_weight, identity_weight
        self.pool_a, self.pool_b = RestatedPool(pool_size, draws), RestatedPool(pool_size, draws)
        adam = lambda *nets: torch.optim.Adam(
            itertools.chain(*(n.parameters() for n in nets)), lr=2e-4, betas=(0.5, 0.999)
        )
        self.og, self.od = adam(self.to_b, self.to_a), adam(self.judge_a, self.judge_b)

    def update(self, pair):
        a, b = pair
        fake_b, fake_a = self.to_b(a), self.to_a(b)
        losses = {
            "generators/adversarial_a": self.believe(self.judge_a(fake_a), 1.0),
            "generators/adversarial_b": self.believe(self.judge_b(fake_b), 1.0),
            "generators/cycle_a": self.cycle_weight * (self.to_a(fake_b) - a).abs().mean(),
            "generators/cycle_b": self.cycle_weight * (self.to_b(fake_a) - b).abs().mean(),
        }
        if self.identity_weight:
            losses["generators/identity_a"] = self.identity_weight * (self.to_a(a) - a).abs().mean()
            losses["generators/identity_b"] = self.identity_weight * (self.to_b(b) - b).abs().mean()
        self.learn(self.og, losses)
        judged = {}
        for n, judge, real, pool, fake in (
            ("a", self.judge_a, a, self.pool_a, fake_a),
            ("b", self.judge_b, b, self.pool_b, fake_b),
        ):
            old = pool.exchange(fake.detach())
            judged[f"discriminators/discriminator_{n}"] = 0.5 * (
                self.believe(judge(real), 1.0) + self.believe(judge(old), 0.0)
            )
        self.learn(self.od, judged)
        return {k: v.item() for k, v in (losses | judged).items()}

    def believe(self, scores, target):
        return self.score(scores, torch.full_like(scores, target))

    def learn(self, optimizer, losses):
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()


def copy(source, target):
    s, t = source.state_dict(), target.state_dict()
    assert [v.shape for v in s.values()] == [v.shape for v in t.values()]
    target.load_state_dict(dict(zip(t, s.values(), strict=True)))
