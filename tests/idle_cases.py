"""Keys that do nothing, what makes them so, and where they do something: for the tests of `experiments.idle`."""

TRAIN = ("train", "dataset.n_train=12", "network.width=5", "network.depth=1", "steps=6", "threads=1", "lr=0.1")
DIGITS = ("train", "dataset=digits", "network.depth=0", "steps=2", "threads=1")
NOISE = ("gradient-noise", "noise.std=1", "threads=1")
EXPONENTS = (*NOISE, "measure=exponents", "measure.orders=[2,4]")
CHAIN = (*EXPONENTS, "measure.n_samples=200")
SMALL = ("measure.chain=false", "network.depth=1", "network.width=6")
NETWORK = (*EXPONENTS, *SMALL, "measure.n_draws=200", "measure.least_ess=1")
AVERAGES = (*NOISE, "measure=averages", "measure.n_draws=100", "measure.sizes=[1,2]")
AVERAGES_OF_NETWORK = (*AVERAGES, *SMALL)
FACTORS = (*NOISE, "measure=factors", "measure.n_draws=200")
FACTORS_OF_NETWORK = (*FACTORS, *SMALL)
SDE = ("simulate-sde", "n_chains=20", "n_steps=60", "burn_in=10", "exit_steps=30")
KDE = ("kde-stationary", "n_chains=50", "n_steps=60", "burn_in=10", "points=50")
LANDSCAPE = ("potential=network", "potential.dataset={name: sinusoids, n_train: 6}", "exit_steps=2000")
BESIDE = ("simulate-sde", *LANDSCAPE[:2], "potential.noise=mult", "scheme=euler", "n_chains=3", "n_steps=60")
FIT = ("fit-stable", "samples.n=100", "n_bootstrap=0", "holdout=0")
FLAT = ("train", "dataset.n_train=12", "steps=6", "threads=1")

# A command, the key that does nothing, what makes it so, and what is typed instead of that to give it an effect.
CASES = [
    (TRAIN, "noise.std=0.7", ("objective=clean",), ("objective=noisy",)),
    (TRAIN, "noise.input=false", ("objective=clean",), ("objective=explicit",)),
    (TRAIN, "M=3", ("objective=clean",), ("objective=noisy",)),
    (TRAIN, "M=3", ("objective=explicit",), ("objective=noisy",)),
    (TRAIN, "M=3", ("noise=none",), ("noise=mult",)),
    (
        TRAIN,
        "noise.antithetic=true",
        ("objective=clean", "track=antithetic", "M=2"),
        ("objective=noisy", "track=antithetic", "M=2"),
    ),
    (TRAIN, "M=4", ("objective=clean",), ("objective=clean", "track=gradient_noise")),
    (TRAIN, "noise.antithetic=true", ("M=1",), ("M=2",)),
    (TRAIN, "noise.antithetic=true", ("objective=explicit", "M=1"), ("objective=noisy", "M=2")),
    (
        (*DIGITS, "dataset.n_train=20"),
        "objective.n_probes=3",
        ("objective=explicit",),
        ("objective=explicit", "objective.method=probe"),
    ),
    (TRAIN, "objective.method=probe", ("objective=explicit", "noise=none"), None),
    (TRAIN, "objective.n_probes=2", ("objective=explicit", "noise=none"), None),
    (TRAIN, "optimizer.momentum=0.5", (), ("optimizer.name=sgd",)),
    (TRAIN, "optimizer.beta1=0.5", ("optimizer.name=sgd",), ()),
    (TRAIN, "optimizer.beta2=0.5", ("optimizer.name=sgd",), ()),
    (TRAIN, "schedule.milestones=[0.2]", ("schedule=step", "schedule.gamma=1"), ("schedule=step",)),
    (TRAIN, "schedule.gamma=0.5", ("schedule=step", "schedule.milestones=[]"), ("schedule=step",)),
    (FLAT, "network.activation=tanh", ("network.depth=0",), ("network.depth=1",)),
    (FLAT, "network.width=7", ("network.depth=0",), ("network.depth=1",)),
    (DIGITS, "dataset.subset=random", (), ("dataset.n_train=50",)),
    *[
        (CHAIN, changed, (), NETWORK[len(EXPONENTS) :])
        for changed in ("network.activation=tanh", "dataset.n_train=30", "dtype=float64")
    ],
    ((*NOISE, *SMALL[1:], "measure.n_draws=8"), "dataset.n_test=30", (), None),
    ((*NOISE, *SMALL[1:], "measure.n_draws=8"), "network.bias=false", (), ("network.init=default",)),
    (CHAIN, "n_mean=3", (), None),
    (CHAIN, "M=3", (), None),
    (CHAIN, "batch_size=3", (), None),
    (CHAIN, "measure.n_draws=300", (), (*NETWORK[len(EXPONENTS) :],)),
    (CHAIN, "measure.inflation=2", (), (*NETWORK[len(EXPONENTS) :],)),
    (NETWORK, "measure.n_samples=300", (), ("measure.chain=true",)),
    *[
        (NETWORK, f"measure.{changed}", (), ("measure.chain=true", "measure.n_samples=200"))
        for changed in ("n_layers=3", "weights=2", "x=3", "target=1", "activation=relu", "loss=cross_entropy")
    ],
    (CHAIN, "noise.antithetic=true", (), None),
    (NETWORK, "noise.antithetic=true", (), None),
    (AVERAGES, "noise.antithetic=true", (), AVERAGES_OF_NETWORK[len(AVERAGES) :]),
    (NETWORK, "M=2", (), None),
    *[
        (("gradient-noise", "measure=envelope", "threads=1"), changed, (), None)
        for changed in ("network.width=7", "noise.std=2", "seed=3", "batch_size=5", "M=2")
    ],
    (FACTORS, "network.width=7", (), FACTORS_OF_NETWORK[len(FACTORS) :]),
    (FACTORS_OF_NETWORK, "measure.x=3", (), ("measure.chain=true",)),
    (FACTORS_OF_NETWORK, "noise.antithetic=true", (), None),
    (NETWORK, "n_mean=2", (), None),
    (AVERAGES, "network.activation=tanh", (), AVERAGES_OF_NETWORK[len(AVERAGES) :]),
    (AVERAGES_OF_NETWORK, "measure.layer=2", (), ("measure.chain=true",)),
    (AVERAGES_OF_NETWORK, "M=2", (), None),
    (SDE, "exit_eta=0.02", ("exit_steps=0",), ()),
    *[
        (SDE, "exit_steps=20", words, ())
        for words in (("potential=quadratic",), ("potential=quartic",), ("drift=fractional",), ("alpha=2", "beta=0"))
    ],
    (SDE, "order=1", (), ("drift=fractional", "h=0.3", "K=3", "exit_steps=0")),
    (SDE, "order=1", ("drift=fractional", "exit_steps=0"), ("drift=fractional", "h=0.3", "K=3", "exit_steps=0")),
    (SDE, "beta=0.2", ("alpha=2", "exit_steps=0"), ("exit_steps=0",)),
    (KDE, "beta=0.2", ("alpha=2",), ()),
    (FIT, "n_tested=60", (), ("n_bootstrap=2",)),
    (FIT, "samples.beta=0.3", ("samples.alpha=2",), ("samples.alpha=1.7",)),
    (FIT, "samples.parameterization=S0", (), ("samples.beta=0.5",)),
    (FIT, "samples.parameterization=S0", ("samples.alpha=2",), ("samples.beta=0.5",)),
    (KDE, "order=1", (), ("drift=fractional", "h=0.3", "K=3")),
    (SDE, "exit_steps=20", LANDSCAPE, ("potential=double_well",)),
    (SDE, "functions=[w**4]", LANDSCAPE, ("potential=double_well",)),
    (SDE, "n_bins=500", LANDSCAPE, ("potential=double_well",)),
    (SDE, "n_traced=3", LANDSCAPE, ("potential=double_well",)),
    (SDE, "potential.M=2", LANDSCAPE, (*LANDSCAPE, "potential.noise=add")),
    *[
        (BESIDE, changed, ("laws=measured",), ("burn_in=10",))
        for changed in ("alpha=1.7", "beta=0.2", "epsilon=0.5", "burn_in=20", "thin=2")
    ],
    *[(BESIDE, changed, ("burn_in=10",), ("laws=measured",)) for changed in ("M=2", "n_draws=30", "measure_every=20")],
    (SDE, "potential.width=3", (*LANDSCAPE, "potential.depth=0"), LANDSCAPE),
    (SDE, "potential.activation=relu", (*LANDSCAPE, "potential.depth=0"), LANDSCAPE),
]
NAMES = [" ".join((*case[0][:1], *case[2], case[1])) for case in CASES]


def merged(words, more):
    """The words, a later value of a key in place of an earlier one."""
    return list({word.partition("=")[0]: word for word in (*words, *more)}.values())
