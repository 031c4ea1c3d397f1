package trainer

import (
	"fmt"
	"slices"
	"strings"
)

// Method decides how the base is loaded and what is trained. Every flag follows from it.
type Method string

// Methods.
const (
	MethodLoRA  Method = "lora"
	MethodQLoRA Method = "qlora"
	MethodDoRA  Method = "dora"
	MethodQDoRA Method = "qdora"
)

// Methods lists them, those that need most memory first.
func Methods() []Method { return []Method{MethodDoRA, MethodLoRA, MethodQDoRA, MethodQLoRA} }

// Quantized says whether the base is held in 4 bits.
func (m Method) Quantized() bool { return m == MethodQLoRA || m == MethodQDoRA }

// Decomposed says whether magnitudes are trained beside the directions.
func (m Method) Decomposed() bool { return m == MethodDoRA || m == MethodQDoRA }

func (m Method) validate(name string) error {
	if !slices.Contains(Methods(), m) {
		return fmt.Errorf("%s=%s: allowed are lora, qlora, dora and qdora", name, m)
	}
	return nil
}

// contradiction names settings that cannot hold together, so that nothing starts under a wrong name.
func (c Config) contradiction() error {
	switch {
	case c.Backend == backendUnsloth && c.Method.Decomposed():
		return fmt.Errorf("RAGLINE_TRAINER_BACKEND=unsloth with RAGLINE_TRAINER_METHOD=%s: its kernels are off beside DoRA's magnitudes; use RAGLINE_TRAINER_BACKEND=peft", c.Method)
	case c.Backend == backendUnsloth && len(c.Queues) > 0 && slices.ContainsFunc(c.Queues, func(q string) bool { return strings.Contains(q, "+") }):
		return fmt.Errorf("RAGLINE_TRAINER_BACKEND=unsloth trains on one GPU: leave + out of RAGLINE_TRAINER_GPUS")
	}
	return nil
}
