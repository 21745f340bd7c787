"""Every key of every command with numbers at the ends of what can be written."""

from gnicli.launch import commands, components, hydra_versions, schema_keys

EXTREMES = (
    "1e300", "-1e300", "1e308", "-1e308", "1e150", "1e30", "1e-30", "1e-300", "5e-324", "nan", "inf", "-inf", "-0.0",
    "0", str(10**22), str(2**31), str(2**63), str(2**64), "9" * 400, "9" * 5000, "-" + "9" * 400,
)  # fmt: skip
# Keys that make a run longer and no larger: it may go on as long as it likes, if a signal ends it.
LENGTHS = ("steps", "n_steps", "epochs", "exit_steps", "burn_in")
# As little as each command can do; what is listed last for a key is what holds.
TINY = {
    "train": ("steps=2", "dataset.n_train=20", "dataset.n_test=20", "network.depth=1", "network.width=4"),
    # So few draws that no weight alone is fitted: such fits cost up to a second each.
    "gradient-noise": (
        "measure.n_draws=40",
        "dataset.n_train=20",
        "dataset.n_test=20",
        "network.depth=1",
        "network.width=4",
    ),
    "fit-stable": ("samples.n=60", "n_bootstrap=0"),
    "simulate-sde": ("n_chains=20", "n_steps=100", "burn_in=0", "n_bins=200", "exit_steps=20", "eta=0.02"),
    "kde-stationary": ("n_chains=20", "n_steps=200", "burn_in=0", "n_bins=400", "points=101", "eta=0.02"),
}
TINY_MEMBERS = {
    "measure=layers": ("measure.n_draws=40",),
    "measure=averages": ("measure.n_draws=200", "measure.sizes=[1,4]"),
    "measure=factors": ("measure.n_draws=200",),
    "measure=exponents": ("measure.n_samples=200", "measure.n_draws=200", "measure.orders=[2,4]"),
    "network=conv": ("dataset=digits", "dataset.n_train=20", "network.channels=[2]"),
    "potential=polynomial": ("potential.terms=[0,0,1]",),
    "drift=fractional": ("h=0.2", "K=40", "beta=0.2"),
}
_NOT_NUMBERS = ("run.dir", "run.root", "source", "samples.path", "dataset.dir", "dataset.mirrors")
# These reach for the network or for files of others.
_ELSEWHERE = {"dataset": ("mnist", "svhn", "cifar10"), "samples": ("file", "run")}


def base(command, chosen):
    """The words of a tiny run of a command with some members chosen."""
    words = list(TINY[command])
    for word in chosen:
        group = word.partition("=")[0]
        if group in ("dataset", "network", "samples", "measure"):
            words = [other for other in words if not other.startswith(f"{group}.") or word.endswith(("=mlp",))]
        if word == "network=conv":
            words = [other for other in words if not other.startswith("dataset.")]
        if group == "samples":
            words.append("samples.n=60")
        words += [word, *TINY_MEMBERS.get(word, ())]
    return words


def cases():
    """(command, words of a tiny run, key) for each key of each command, those of all members included."""
    found = []
    for command in commands.COMMANDS:
        for entry in schema_keys.of_command(command):
            if entry.type != "true/false" and entry.name not in _NOT_NUMBERS:
                found.append((command, base(command, ()), entry.name))
        for group in commands.groups(command):
            for name in components.members(group):
                if name in _ELSEWHERE.get(group, ()):
                    continue
                for entry in schema_keys.of_member(group, name):
                    if entry.type != "true/false" and entry.name not in _NOT_NUMBERS:
                        found.append((command, base(command, (f"{group}={name}",)), entry.name))
        if command in ("simulate-sde", "kde-stationary"):
            fractional = ("drift=fractional", *TINY_MEMBERS["drift=fractional"])
            for name in ("h", "K", "epsilon", "eta", "low", "alpha"):
                found.append((command, [*base(command, ()), *fractional], name))
            found += [(command, [*base(command, ()), f"scheme={s}"], "eta") for s in ("euler", "implicit", "tamed")]
    return found


def prepare():
    """Compose the configuration of a case once: a function from an extreme value to what becomes of the run."""
    from hydra import compose
    from hydra.core.global_hydra import GlobalHydra

    commands.register()
    GlobalHydra.instance().clear()
    composed = {}

    def of(command, words):
        key = (command, *words)
        if key not in composed:
            with hydra_versions.initialized():
                composed[key] = compose(commands.config_name(command), list(words))
        return composed[key]

    return of


def outcome(command, cfg, name, text):
    """(exit code, message) of a run of a composed configuration in which a key is the number `text`."""
    import copy

    from omegaconf import OmegaConf, open_dict

    from gnicli.contracts.observer import SilentObserver
    from gnicli.errors import GniError
    from gnicli.launch import error_messages, validation

    try:
        digits = text.lstrip("-")
        value = int(text) if digits.isdigit() else float(text)
        changed = copy.deepcopy(cfg)
        with open_dict(changed):
            OmegaConf.update(changed, name, value)
            if "device" in changed:
                changed.device = "cpu"
        checked = validation.validated(command, changed).config
        results = commands.module(command).run(checked, SilentObserver())
    except Exception as error:
        known = error_messages.translate(error, command, {})
        if known is None:
            raise
        assert isinstance(known, GniError)
        return known.exit_code, str(known)
    return (4 if results.status == "diverged" else 0), results.message
