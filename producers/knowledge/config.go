package knowledge

import "fmt"

// Config bounds what one run reads.
type Config struct {
	// MaxFileBytes skips larger files.
	MaxFileBytes int64 `env:"RAGLINE_KNOWLEDGE_MAX_FILE" envDefault:"16777216" doc:"Largest document file in bytes; larger ones are skipped. Allowed: 1024 to 1073741824."`
	// MaxFiles ends a run in a folder that was not meant.
	MaxFiles int `env:"RAGLINE_KNOWLEDGE_MAX_FILES" envDefault:"10000" doc:"Documents in one folder; a folder with more is refused. Allowed: 1 to 1000000."`
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	if c.MaxFileBytes < 1<<10 || c.MaxFileBytes > 1<<30 {
		return fmt.Errorf("RAGLINE_KNOWLEDGE_MAX_FILE=%d: allowed are 1024 to 1073741824", c.MaxFileBytes)
	}
	if c.MaxFiles < 1 || c.MaxFiles > 1_000_000 {
		return fmt.Errorf("RAGLINE_KNOWLEDGE_MAX_FILES=%d: allowed are 1 to 1000000", c.MaxFiles)
	}
	return nil
}
