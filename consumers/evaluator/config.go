package evaluator

import "fmt"

// Config of the evaluator.
type Config struct {
	// Group is the consumer group: under another group a new version judges all history.
	Group string `env:"RAGLINE_EVALUATOR_GROUP" envDefault:"evaluator" doc:"Consumer group of the evaluator. Another name reads all interactions again, to score history with a new version."`
	// Sample is the share of interactions that are judged, chosen by a hash of the trace id.
	Sample float64 `env:"RAGLINE_EVALUATOR_SAMPLE" envDefault:"1.0" doc:"Share of interactions to evaluate, chosen by hash of the trace id. Allowed: 0 to 1."`
	// UnsupportedRate is the base rate that the hallucination score assumes before any calibration.
	UnsupportedRate float64 `env:"RAGLINE_EVALUATOR_UNSUPPORTED_RATE" envDefault:"0.2" doc:"Share of answers expected to hold unsupported statements; moves the hallucination score. Allowed: above 0, below 1."`
	// CalibrationFile replaces UnsupportedRate once there are labels.
	CalibrationFile string `env:"RAGLINE_EVALUATOR_CALIBRATION_FILE" doc:"JSON file with version, slope and intercept that calibrates the hallucination score. Empty: RAGLINE_EVALUATOR_UNSUPPORTED_RATE decides."`
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	if c.Group == "" {
		return fmt.Errorf("RAGLINE_EVALUATOR_GROUP is empty: name a consumer group, for example evaluator")
	}
	if !(c.Sample >= 0 && c.Sample <= 1) {
		return fmt.Errorf("RAGLINE_EVALUATOR_SAMPLE=%g: allowed are 0 to 1", c.Sample)
	}
	if !(c.UnsupportedRate > 0 && c.UnsupportedRate < 1) {
		return fmt.Errorf("RAGLINE_EVALUATOR_UNSUPPORTED_RATE=%g: allowed are numbers above 0 and below 1", c.UnsupportedRate)
	}
	return nil
}
