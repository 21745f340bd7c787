"""The arms by name, in words, in their order."""

from __future__ import annotations

TRAINING, AGAIN, BROWNIAN, DESCENT = "training", "again", "brownian", "descent"
MODELS = {
    "levy": "stable by layer (4.3)",
    "symmetric": "symmetric stable (2.7)",
    BROWNIAN: "Brownian (2.6)",
}
ARMS = {TRAINING: "training", AGAIN: "training with other draws", **MODELS, DESCENT: "gradient descent"}
