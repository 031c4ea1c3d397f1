package main

import (
	"context"

	"github.com/ragline/ragline/consumers/packager"
	"github.com/ragline/ragline/consumers/trainer"
)

// checkFactory says what training and serving a model of one's own lacks. Who wants neither is not warned, and Ollama is
// not asked then.
func (c *cli) checkFactory(ctx context.Context) []finding {
	if c.cfg.Trainer.BaseModel == "" && c.cfg.Agent.LLM.Provider != "promoted" {
		return []finding{{Check: "training", Level: levelOK, Detail: "off: RAGLINE_TRAINER_BASE_MODEL names no base model"}}
	}
	return []finding{c.checkTraining(), c.checkOllama(ctx)}
}

func (c *cli) checkTraining() finding {
	cfg := c.cfg.Trainer
	if cfg.BaseModel == "" {
		return finding{Check: "training", Level: levelOK, Detail: "off: RAGLINE_TRAINER_BASE_MODEL names no base model"}
	}
	if _, err := trainer.ReadBase(cfg.BaseModel); err != nil {
		return finding{"training", levelFailed, err.Error(), "set RAGLINE_TRAINER_BASE_MODEL to the folder of a model with its weights"}
	}
	if !trainer.Ready(cfg) {
		return finding{"training", levelWarning, "the training environment is not here: jobs wait for it", "make trainer-env"}
	}
	return finding{Check: "training", Level: levelOK, Detail: string(cfg.Method) + " on " + cfg.BaseModel}
}

func (c *cli) checkOllama(ctx context.Context) finding {
	cfg := c.cfg.Packager
	if cfg.Ollama == packager.OllamaOff {
		return finding{Check: "Ollama", Level: levelOK, Detail: "off: RAGLINE_PACKAGER_OLLAMA"}
	}
	version, err := packager.OllamaVersion(ctx, cfg)
	if err != nil {
		return finding{"Ollama", levelWarning, err.Error(), "start Ollama, or set OLLAMA_HOST; models are trained without it and wait to be judged"}
	}
	return finding{Check: "Ollama", Level: levelOK, Detail: version + " at " + cfg.OllamaHost}
}
