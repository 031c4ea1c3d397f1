"""Turns what the trainer tells its callbacks into events, and SIGTERM into a checkpoint and a stop."""

import signal
import time

from transformers import TrainerCallback

from . import checkpoint
from .events import Events

# The exit status of a job that was asked to stop and can go on.
STOPPED = 75


class Stop:
    """Before training there is nothing to save, so the job ends at once; during training it ends after the step."""

    def __init__(self):
        self.asked = False
        self.training = False
        signal.signal(signal.SIGTERM, self._handle)

    def _handle(self, *_):
        self.asked = True
        if not self.training:
            raise SystemExit(STOPPED)


class Progress(TrainerCallback):
    def __init__(self, events: Events, device, stop: Stop):
        self._events, self._device, self._stop = events, device, stop
        self._started = self._marked = time.monotonic()
        self._tokens = self._first_step = 0

    def on_train_begin(self, args, state, control, **_):
        self._started = self._marked = time.monotonic()
        self._tokens, self._first_step = int(state.num_input_tokens_seen), state.global_step

    def on_step_end(self, args, state, control, **_):
        if self._stop.asked:
            control.should_save = True
            control.should_training_stop = True

    def on_log(self, args, state, control, logs=None, **_):
        if not logs or "loss" not in logs:
            return
        now = time.monotonic()
        done = state.global_step - self._first_step
        left = state.max_steps - state.global_step
        tokens = int(state.num_input_tokens_seen)
        self._events.emit(
            "step",
            step=state.global_step,
            total_steps=state.max_steps,
            loss=float(logs["loss"]),
            lr=float(logs.get("learning_rate", 0.0)),
            tok_s=round((tokens - self._tokens) / max(now - self._marked, 1e-9), 1),
            vram_bytes=self._device.vram_bytes(),
            eta_s=round((now - self._started) / max(done, 1) * left),
        )
        self._marked, self._tokens = now, tokens

    def on_evaluate(self, args, state, control, metrics=None, **_):
        if metrics and "eval_loss" in metrics:
            self._events.emit("eval", step=state.global_step, eval_loss=float(metrics["eval_loss"]))
        self._marked = time.monotonic()

    def on_save(self, args, state, control, **_):
        if not state.is_world_process_zero:
            return
        path = checkpoint.Path(args.output_dir) / f"checkpoint-{state.global_step}"
        checkpoint.mark(path)
        self._events.emit("checkpoint", step=state.global_step, path=str(path))
        self._marked = time.monotonic()
