"""What `measure=layers` finds: populations of the gradient noise and what their laws are."""

from __future__ import annotations

from gnicli.contracts import Bench, Observer, Results, Table, Value
from gnicli.gradients.layer_noise import LayerNoise, statistics
from gnicli.measurement.measure.layers import Layers


def measure(settings: Layers, bench: Bench, observer: Observer) -> Results:
    """The gradient noise of one draw, across the weights of each layer."""
    noise = LayerNoise(
        bench.module,
        bench.loss,
        bench.noise,
        bench.M,
        bench.seed,
        n_averaged=bench.M,
        n_mean=bench.n_mean,
        key="measure=layers",
    )
    values: dict[str, Value] = {}
    rows = []
    for layer, noises in enumerate(noise(bench.step, bench.inputs, bench.targets), 1):
        found = statistics(noises)
        n = int(found.pop("n"))
        for name, value in found.items():
            if not name.endswith("_stderr"):
                values[f"{name}/across_weights/layer{layer}"] = Value(value, found.get(f"{name}_stderr"), n)
        rows.append(
            (str(layer), str(n), *(f"{found[name]:.4g}" if name in found else "" for name in ("alpha", "beta")))
        )
    return Results(
        values, tables={"Gradient noise across weights": Table(("layer", "n", "alpha", "beta"), tuple(rows))}
    )
