"""Two small families of claims, whose runs take a second, for the tests of `gni reproduce`."""

STEPS = """\
title: "Figure 97: longer steps"
paper: [Figure 97]
runs:
  - command: train dataset.n_train=8 network.depth=1 network.width=4 steps=40
    quick: lr=0.00001,0.05
    full: lr=0.00001,0.06
    seconds: {quick: 0.2, full: 0.4}
deviations: ["A network of four units."]
code: [gnicli]
tests: [tests]
defaults: {metric: train_loss, window: last, seeds: 41-47}
claims:
  fig97-long: {sentence: "Long steps end lower than short <b>.", kind: below, a: lr=0.05, b: lr=0.00001, smallest: 1 %}
  fig97-known: {sentence: The loss is above 0., kind: above, a: lr=0.05, b: 0.00001, smallest: 1 %, control: positive}
"""
DRAWS = """\
title: "Figure 98: draws"
paper: [Figure 98]
runs:
  - command: train dataset.n_train=8 network.depth=1 network.width=4 steps=2
    quick: M=1,2
    full: M=1,2
    seconds: {quick: 0.2, full: 0.2}
deviations: []
code: [gnicli]
tests: [tests]
defaults: {metric: train_loss, window: last, seeds: 41-47}
claims:
  fig98-draws: {sentence: Two draws are as one., kind: same, a: M=2, b: M=1, smallest: 500 %}
"""


def written(folder):
    """A new folder with both."""
    folder.mkdir()
    (folder / "fig97.yaml").write_text(STEPS)
    (folder / "fig98.yaml").write_text(DRAWS)
    return folder
