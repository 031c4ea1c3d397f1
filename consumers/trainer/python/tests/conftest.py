import hashlib
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ragline_trainer import config, tiny, train
from ragline_trainer.events import Events

ROOT = Path(__file__).parents[1]


def conversation(i, words=""):
    return [
        {"role": "system", "content": "Answer from the context."},
        {"role": "user", "content": f"Context:\n[a] Limits\n{words}The limit is {i * 10} ppmv.\n\nQuestion: What is the limit of valve {i}?"},
        {"role": "assistant", "content": f"The limit is {i * 10} ppmv [a]."},
    ]


def write_dataset(folder, train_rows, heldout_rows):
    """Returns the SHA-256 of the manifest."""
    folder.mkdir(parents=True)
    files = []
    for split, rows in (("train", train_rows), ("heldout", heldout_rows)):
        text = "".join(json.dumps({"id": str(i), "tier": "gold", "messages": r}, ensure_ascii=False) + "\n" for i, r in enumerate(rows))
        (folder / f"{split}.jsonl").write_text(text)
        files.append({"path": f"{split}.jsonl", "format": "messages", "split": split, "sha256": hashlib.sha256(text.encode()).hexdigest()})
    manifest = json.dumps({"format": 1, "files": files})
    (folder / "manifest.json").write_text(manifest)
    return hashlib.sha256(manifest.encode()).hexdigest()


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    tiny.make(str(folder))
    return folder


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "set"
    return folder, write_dataset(folder, [conversation(i) for i in range(4)] * 4, [conversation(i) for i in range(2)])


@pytest.fixture
def settings(tmp_path, base, dataset):
    """A job of eight steps; it checkpoints and evaluates after four."""

    def make(method, out="job", **changes):
        values = {
            "job_id": "j", "dataset_dir": str(dataset[0]), "manifest_sha256": dataset[1], "base_path": str(base), "base_model": "tiny",
            "output_dir": str(tmp_path / out), "method": method, "rank": 8, "alpha": 16, "max_length": 256, "max_steps": 8,
            "gradient_accumulation": 1, "learning_rate": 0.005, "eval_steps": 4, "save_steps": 4, "early_stopping": 0,
        }
        path = tmp_path / f"{out}.json"
        path.write_text(json.dumps({**values, **changes}))
        return path

    return make


def run_here(path):
    """Runs a job in this process: a start of its own costs more than the training."""
    handler = signal.getsignal(signal.SIGTERM)
    stream = io.StringIO()
    try:
        assert train.run(config.load(str(path)), Events(stream)) == 0
    finally:
        signal.signal(signal.SIGTERM, handler)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def start(path):
    return subprocess.Popen(
        [sys.executable, "-B", "-m", "ragline_trainer", str(path), "--events-on-stdout"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def run_child(path, when=None, then=None):
    """Runs a job in a process of its own; sends the signal `then` at the first event that `when` holds for."""
    child = start(path)
    events = []
    for line in child.stdout:
        events.append(json.loads(line))
        if when and when(events[-1]):
            child.send_signal(then)
            when = None
    return child.wait(), events


def losses(events):
    return {e["step"]: e["loss"] for e in events if e["event"] == "step"}


def of(events, name):
    return [e for e in events if e["event"] == name]
