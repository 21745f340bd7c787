"""The choices that the walk over all keys visits: each member of each group, each value that makes a branch."""

TRAIN = ("dataset.n_train=12", "dataset.n_test=9", "network.width=5", "network.depth=1", "steps=8", "lr=0.05",
         "eval_every=2", "device=cpu", "noise.std=0.3")  # fmt: skip
WIDE = tuple("network.width=50" if word.startswith("network.width") else word for word in TRAIN)
DIGITS = ("dataset=digits", "dataset.n_train=20", "dataset.n_test=10", "network.width=4", "steps=4", "eval_every=2",
          "device=cpu")  # fmt: skip
CONV = ("dataset=digits", "network=conv", "network.channels=[2]", "dataset.n_train=20", "dataset.n_test=10", "steps=3",
        "device=cpu", "eval_every=1")  # fmt: skip
LAYERS = ("dataset.n_train=12", "network.width=5", "network.depth=1", "measure.n_draws=8", "measure.n_traced=2",
          "device=cpu")  # fmt: skip
CHAIN = ("device=cpu", "noise.std=1", "measure=exponents", "measure.orders=[2,4]", "measure.n_samples=200")
NETWORK = ("device=cpu", "noise.std=1", "measure=exponents", "measure.orders=[2,4]", "measure.chain=false",
           "network.depth=1", "network.width=6", "measure.n_draws=200", "measure.least_ess=1",
           "dataset.n_train=12")  # fmt: skip
AVERAGES = ("device=cpu", "noise.std=1", "measure=averages", "measure.n_draws=100", "measure.sizes=[1,2]")
FACTORS = ("device=cpu", "noise.std=1", "measure=factors", "measure.n_draws=200")
SDE = ("n_chains=20", "n_steps=60", "burn_in=10", "exit_steps=30", "n_traced=8")
NET = ("potential=network", "potential.dataset={name: sinusoids, n_train: 6}", "n_chains=4", "n_steps=60",
       "burn_in=10", "exit_steps=0", "potential.width=2", "n_traced=2")  # fmt: skip
BESIDE = ("potential=network", "potential.dataset={name: sinusoids, n_train: 6}", "potential.noise=mult",
          "laws=measured", "scheme=euler", "n_chains=3", "n_steps=40", "n_draws=20", "potential.width=4",
          "potential.M=2", "exit_steps=0")  # fmt: skip
KDE = ("n_chains=50", "n_steps=60", "burn_in=10", "points=50", "n_traced=8")
SUM = ("drift=fractional", "h=0.3", "K=3")
FIT = ("samples.n=100", "n_bootstrap=0")

CHOICES = {
    "train": [
        TRAIN,
        *[(*TRAIN, f"objective={name}", f"M={M}") for name in ("clean", "explicit", "noisy") for M in (1, 2)],
        (*TRAIN, "objective=explicit", "objective.method=probe"),
        *[(*TRAIN[:-1], "noise=none", f"objective={name}", f"M={M}") for name in ("clean", "explicit", "noisy")
          for M in (1, 2)],
        (*TRAIN, "noise=mult", "M=2"),
        *[(*WIDE, f"inject={name}", "M=2", more)
          for name in ("stable", "gaussian", "shuffled", "recorded", "covariance", "whitened_stable")
          for more in ("inject.mean=own", "inject.mean=fresh")],
        *[(*WIDE, f"inject={name}", "M=2", "inject.truncate=observed") for name in ("stable", "whitened_stable")],
        (*WIDE, "objective=clean", "inject=gaussian", "inject.mean=fresh", "M=2"),
        *[(*WIDE, "track=gradient_noise", f"objective={name}", f"M={M}") for name in ("clean", "noisy")
          for M in (1, 2)],
        (*WIDE, "track=gradient_noise", "track.n_draws=3"),
        (*WIDE, "track=antithetic", "M=2"),
        (*WIDE, "track=antithetic", "M=2", "objective=clean"),
        (*TRAIN, "optimizer.name=sgd"),
        (*TRAIN, "optimizer.name=sgd", "optimizer.momentum=0.5"),
        (*TRAIN, "schedule=cosine"),
        (*TRAIN, "schedule=step"),
        (*TRAIN, "schedule=step", "schedule.gamma=1"),
        (*TRAIN, "schedule=step", "schedule.milestones=[]"),
        (*TRAIN, "batch_size=5"),
        (*TRAIN[:3], "network.depth=0", "steps=4", "device=cpu"),
        DIGITS,
        (*DIGITS, "objective=explicit"),
        (*DIGITS, "objective=explicit", "objective.method=probe"),
        CONV,
    ],
    "gradient-noise": [
        LAYERS,
        (*LAYERS, "M=2"),
        (*LAYERS, "noise=mult"),
        (*LAYERS, "batch_size=5"),
        (*LAYERS, "measure.minibatch=5"),
        (*LAYERS, "measure.figures=[]"),
        (*LAYERS, "measure.figures=[forward]"),
        CHAIN,
        (*CHAIN, "measure.loss=cross_entropy"),
        (*CHAIN, "noise=mult"),
        NETWORK,
        (*NETWORK, "measure.inflation=1.5"),
        AVERAGES,
        (*AVERAGES, *NETWORK[4:7], "dataset.n_train=12"),
        FACTORS,
        ("device=cpu", "measure=envelope"),
        (*FACTORS, *NETWORK[4:7], "dataset.n_train=12"),
    ],
    "simulate-sde": [
        SDE,
        (*SDE, "exit_steps=0"),
        (*SDE, "alpha=2"),
        (*SDE, "beta=0"),
        (*SDE, "eta_power=0.3"),
        *[(*SDE, f"scheme={name}") for name in ("euler", "implicit", "tamed")],
        *[(*SDE, f"potential={name}") for name in ("quadratic", "quartic", "multi_well", "equal_depth", "polynomial",
                                                     "separable")],
        (*SDE, "drift=fractional"),
        (*SDE, *SUM),
        NET,
        (*NET, "potential.noise=add"),
        (*NET, "potential.depth=0"),
        BESIDE,
        (*BESIDE, "measure_every=20"),
    ],
    "kde-stationary": [
        KDE,
        (*KDE, "alpha=2"),
        (*KDE, "estimator=sklearn"),
        (*KDE, "bandwidth=0.3"),
        (*KDE, "scheme=euler"),
        (*KDE, "beside={eta: 0.02}"),
        (*KDE, "beside={n_chains: 20, n_steps: 50, seed: 3}"),
        (*KDE, "drift=fractional"),
        (*KDE, *SUM),
        (*KDE, "potential=separable"),
    ],
    "fit-stable": [
        *[(f"samples={name}", *FIT) for name in ("stable", "normal", "student", "laplace", "subweibull")],
        ("samples.n=100", "n_bootstrap=2", "n_tested=50"),
        ("samples.n=100", "n_bootstrap=2", "n_tested=50", "law=normal"),
        (*FIT, "law=normal"),
        (*FIT, "fixed={loc: 0}"),
        (*FIT, "fixed={alpha: 1.5, beta: 0, loc: 0, scale: 1}"),
    ],
}  # fmt: skip
