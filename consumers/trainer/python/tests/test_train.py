"""Real training of a tiny model on the processor."""

import json
import signal

import pytest
import torch
from conftest import losses, of, run_child, run_here
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM
from vectors import merge

from ragline_trainer import base as base_model


@pytest.mark.parametrize("method", ["lora", "qlora", "dora", "qdora"])
def test_method_trains(settings, base, tmp_path, method):
    before = (base / "model.safetensors").read_bytes()
    events = run_here(settings(method, max_steps=12, eval_steps=6, save_steps=6))
    curve = losses(events)
    assert list(curve) == list(range(1, 13))
    assert curve[12] < 0.85 * curve[1]
    assert (base / "model.safetensors").read_bytes() == before

    adapter = tmp_path / "job" / "adapter"
    values = json.loads((adapter / "adapter_config.json").read_text())
    assert values["use_dora"] == ("dora" in method)
    assert values["base_model_name_or_path"] == "tiny"
    weights = load_file(adapter / "adapter_model.safetensors")
    assert all(w.abs().max() > 0 for name, w in weights.items() if "lora_B" in name)
    assert any("magnitude" in name for name in weights) == ("dora" in method)
    assert len(weights) == 7 * (3 if "dora" in method else 2)

    training = json.loads((adapter / "training.json").read_text())
    assert (training["method"], training["template_style"], training["bos"]) == (method, "llama3", True)
    assert of(events, "saved") == [{"event": "saved", **training["result"]}]
    parity = [json.loads(line) for line in (adapter / "parity.jsonl").read_text().splitlines()]
    assert len(parity) == 2 and all(not p["prompt"].startswith("<|begin_of_text|>") for p in parity)
    assert run_here(settings(method)) == of(events, "saved"), "a finished job repeats its result"


@pytest.mark.parametrize("method", ["lora", "dora"])
def test_merged_model_equals_base_with_adapter(settings, base, tmp_path, method):
    run_here(settings(method))
    with_adapter, merged = merge(base, tmp_path / "job" / "adapter", torch.float32)
    ids = torch.arange(1, 33).unsqueeze(0)
    plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    with torch.no_grad():
        expected = with_adapter(ids).logits
        assert (expected - merged(ids).logits).abs().max() < 1e-4
        assert (expected - plain(ids).logits).abs().max() > 1e-2


def test_same_seed_same_curve(settings):
    first, second, other = (losses(run_here(settings("lora", out=o, seed=s))) for o, s in (("a", 1), ("b", 1), ("c", 2)))
    assert first == second
    assert first != other


def test_loss_that_is_no_number_fails(settings):
    status, events = run_child(settings("lora", learning_rate=1e30, max_steps=4, warmup=0.0))
    assert status == 1
    assert (events[-1]["event"], events[-1]["reason"]) == ("failed", "diverged")


def test_evaluation_does_not_change_what_four_bits_learn(settings):
    often = losses(run_here(settings("qlora", out="a", precision="bf16", eval_steps=2, save_steps=8)))
    once = losses(run_here(settings("qlora", out="b", precision="bf16", eval_steps=8, save_steps=8)))
    assert often == pytest.approx(once, abs=1e-2)


def test_early_stopping_ends_a_job_that_gains_nothing(settings):
    events = run_here(settings("lora", learning_rate=1e-12, max_steps=40, eval_steps=1, save_steps=1, early_stopping=2))
    assert of(events, "saved")[0]["steps"] < 40


def test_killed_job_goes_on_from_its_last_complete_checkpoint(settings, tmp_path):
    whole = losses(run_here(settings("lora", out="whole")))
    path = settings("lora")
    status, first = run_child(path, lambda e: e["event"] == "checkpoint", signal.SIGKILL)
    assert status == -signal.SIGKILL and not of(first, "saved")
    half = tmp_path / "job" / "checkpoints" / "checkpoint-7"
    half.mkdir()
    (half / "trainer_state.json").write_text("{")
    status, second = run_child(path)
    assert status == 0
    assert of(second, "started")[0]["resumed_from_step"] >= 4
    assert losses(second) == pytest.approx({s: v for s, v in whole.items() if s in losses(second)}, abs=1e-5)
    assert len(of(second, "saved")) == 1


def test_terminated_job_checkpoints_and_goes_on(settings):
    whole = losses(run_here(settings("lora", out="whole")))
    path = settings("lora")
    status, first = run_child(path, lambda e: e["event"] == "step" and e["step"] == 2, signal.SIGTERM)
    assert status == 75
    at = of(first, "stopped")[0]["step"]
    assert at == of(first, "checkpoint")[-1]["step"] < 8
    status, second = run_child(path)
    assert status == 0 and of(second, "started")[0]["resumed_from_step"] == at
    assert {**losses(first), **losses(second)} == pytest.approx(whole, abs=1e-5)


def test_missing_base_is_a_typed_failure(settings, tmp_path):
    status, events = run_child(settings("lora", base_path=str(tmp_path / "none")))
    assert status == 1
    assert [(e["event"], e["reason"]) for e in events] == [("failed", "base_model_missing")]


def test_four_bit_layers_keep_their_gradient_path(settings, base):
    from ragline_trainer import config, device
    from ragline_trainer.methods import Method

    import bitsandbytes

    c = config.load(str(settings("qlora")))
    layers = [m for m in base_model.model(c, Method.QLORA, device.choose(c)).modules() if isinstance(m, bitsandbytes.nn.Linear4bit)]
    assert len(layers) == 7 and not any(m.support_avx512bf16_for_cpu for m in layers)
