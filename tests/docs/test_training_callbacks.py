"""The callbacks of docs/python.md in real trainers: they measure, and the training is the same bits without them."""

import re

import numpy as np
import pytest
import torch
from python_blocks import ROOT, blocks
from torch import nn

from gnicli.measure import GradientNoise

# The warnings of the trainers are about workers, loggers and devices, and change with each release.
pytestmark = pytest.mark.filterwarnings("ignore")


def class_of_the_docs(name):
    (block,) = (each for each in blocks((ROOT / "docs" / "python.md").read_text()) if f"class {name}(" in each.code)
    names = {"GradientNoise": GradientNoise}
    exec(re.sub(r"^from __future__.*\n", "", block.code, flags=re.M), names)
    return names[name]


def weights(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def test_lightning(tmp_path):
    lightning = pytest.importorskip("pytorch_lightning")

    class Regression(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            torch.manual_seed(1)
            self.net = nn.Sequential(nn.Linear(2, 60), nn.ELU(), nn.Dropout(0.1), nn.Linear(60, 1))

        def forward(self, x):
            return self.net(x)

        def training_step(self, batch, index):
            return nn.functional.mse_loss(self(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    def trained(callbacks_of):
        module = Regression()
        x = torch.linspace(-1, 1, 48).reshape(24, 2)
        data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, x.sum(1, keepdim=True)), batch_size=8)
        quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
        trainer = lightning.Trainer(
            max_steps=5, accelerator="cpu", enable_model_summary=False, default_root_dir=tmp_path, **quiet,
            callbacks=callbacks_of(module),
        )  # fmt: skip
        torch.manual_seed(2)
        trainer.fit(module, data)
        return weights(module)

    watches = []

    def watched(module):
        watches.append(GradientNoise(module, "mse", std=0.5, n_mean=2))
        return [class_of_the_docs("WatchGradientNoise")(watches[0], every=2)]

    assert torch.equal(trained(watched), trained(lambda module: []))
    assert watches[0].frame["step"].tolist() == [0, 0, 2, 2, 4, 4]
    assert (watches[0].frame["std"] > 0).all()


def test_hugging_face_trainer(tmp_path):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    rng = np.random.default_rng(0)
    rows = [{"input_ids": torch.tensor(rng.integers(5, 40, 6)), "labels": int(rng.integers(2))} for _ in range(16)]
    batch = {name: torch.stack([torch.as_tensor(row[name]) for row in rows[:4]]) for name in rows[0]}
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24}

    def trained(callbacks_of):
        torch.manual_seed(1)
        model = transformers.BertForSequenceClassification(transformers.BertConfig(vocab_size=40, **size))
        arguments = transformers.TrainingArguments(
            output_dir=str(tmp_path), max_steps=4, logging_steps=2, per_device_train_batch_size=4, save_strategy="no",
            report_to="none", use_cpu=True, disable_tqdm=True, dataloader_pin_memory=False,
        )  # fmt: skip
        trainer = transformers.Trainer(model, arguments, train_dataset=rows, callbacks=callbacks_of(model))
        trainer.train()
        return weights(model)

    watches = []

    def watched(model):
        watches.append(GradientNoise(model, lambda found, labels: found.loss, std=0.1, n_mean=2))
        return [class_of_the_docs("LogGradientNoise")(watches[0], batch)]

    assert torch.equal(trained(watched), trained(lambda model: []))
    frame = watches[0].frame
    assert set(frame["step"]) == {2, 4}
    assert "bert.encoder.layer.0.attention.self.query.weight" in set(frame["name"])
    assert (frame.dropna(subset=["alpha"])["std"] > 0).all()
