"""One job: read, load, train, save."""

import math
import time

from . import adapter, base, checkpoint, data, template
from .config import Config
from .device import choose, versions
from .events import Events
from .failures import Failure
from .methods import Method
from .progress import STOPPED, Progress, Stop


def run(config: Config, events: Events) -> int:
    result = adapter.finished(config)
    if result is not None:
        events.emit("saved", **result)
        return 0
    from transformers import set_seed

    method = Method.of(config.method)
    device = choose(config)
    base.check(config, method, device)
    stop = Stop()
    conversations = data.read(config.dataset_dir, config.manifest_sha256)
    # The trainer sets its seed after the adapter was drawn.
    set_seed(config.seed)
    if config.backend == "unsloth":
        from . import unsloth_backend

        model, peft_config = unsloth_backend.model(config, method, device), None
    else:
        model, peft_config = base.model(config, method, device), base.adapter(config, method)
    tokenizer = base.tokenizer(config)
    style = template.choose(tokenizer, config.template)
    train = data.tokenise(tokenizer, style, conversations["train"], config.max_length)
    heldout = data.tokenise(tokenizer, style, conversations["heldout"], config.max_length)
    trainer = make_trainer(config, method, device, model, peft_config, tokenizer, train, heldout, [Progress(events, device, stop)])
    return _train(config, events, device, stop, trainer, tokenizer, style, train, heldout)


def _train(config, events, device, stop, trainer, tokenizer, style, train, heldout) -> int:
    last = checkpoint.last(config.checkpoints)
    parameters = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
    events.emit(
        "started",
        job_id=config.job_id,
        method=config.method,
        backend=config.backend,
        device=device.name,
        precision=device.precision,
        resumed_from_step=checkpoint.step(last) if last else 0,
        rows_train=len(train.rows),
        rows_heldout=len(heldout.rows),
        rows_truncated=train.truncated,
        rows_dropped=train.dropped,
        trainable_parameters=parameters,
        versions=versions(),
    )
    started = time.monotonic()
    stop.training = True
    output = trainer.train(resume_from_checkpoint=str(last) if last else None)
    stop.training = False
    if stop.asked:
        events.emit("stopped", step=trainer.state.global_step)
        return STOPPED
    result = {
        "steps": trainer.state.global_step,
        "total_steps": trainer.state.max_steps,
        "train_loss": float(output.training_loss),
        "eval_loss": float(trainer.evaluate()["eval_loss"]),
        "seconds": round(time.monotonic() - started),
        "tokens": int(trainer.state.num_input_tokens_seen),
        "rows_truncated": train.truncated,
        "rows_dropped": train.dropped,
    }
    if not math.isfinite(result["train_loss"]) or not math.isfinite(result["eval_loss"]):
        raise Failure("diverged", f"the loss is {result['train_loss']}, held out {result['eval_loss']}: lower the learning rate")
    if trainer.is_world_process_zero():
        model = trainer.accelerator.unwrap_model(trainer.model)
        events.emit("saved", **adapter.save(config, model, tokenizer, style, heldout.messages, result))
    return 0


def make_trainer(config, method, device, model, peft_config, tokenizer, train, heldout, callbacks):
    from datasets import Dataset
    from transformers import EarlyStoppingCallback
    from trl import SFTTrainer

    if config.early_stopping:
        callbacks = [*callbacks, EarlyStoppingCallback(config.early_stopping)]
    return SFTTrainer(
        model=model,
        args=arguments(config, method, device),
        train_dataset=Dataset.from_list(train.rows),
        eval_dataset=Dataset.from_list(heldout.rows),
        processing_class=tokenizer,
        peft_config=peft_config,
        callbacks=callbacks,
    )


def arguments(config: Config, method: Method, device):
    from trl import SFTConfig

    return SFTConfig(
        output_dir=str(config.checkpoints),
        max_length=config.max_length,
        packing=config.packing,
        # The rows are tokens already, with the prompt left out of the loss.
        dataset_kwargs=None if config.packing else {"skip_prepare_dataset": True},
        bf16=device.cuda and device.precision == "bf16",
        fp16=device.cuda and device.precision == "fp16",
        use_cpu=not device.cuda,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size,
        gradient_accumulation_steps=config.gradient_accumulation,
        num_train_epochs=config.epochs,
        max_steps=config.max_steps,
        learning_rate=config.learning_rate,
        lr_scheduler_type=config.scheduler,
        warmup_steps=config.warmup,
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        optim=method.flags.optimizer_cuda if device.cuda else "adamw_torch",
        train_sampling_strategy="random" if config.packing else "group_by_length",
        gradient_checkpointing=config.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False} if config.gradient_checkpointing else None,
        eval_strategy="steps",
        eval_steps=config.eval_steps,
        save_strategy="steps",
        save_steps=config.save_steps,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        logging_steps=1,
        include_num_input_tokens_seen="non_padding",
        seed=config.seed,
        data_seed=config.seed,
        report_to="none",
        disable_tqdm=True,
    )
