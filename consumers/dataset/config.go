package dataset

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"time"
)

// Config of the dataset builder.
type Config struct {
	// Dir holds one folder for each name, with one folder for each dataset.
	Dir string `env:"RAGLINE_DATASET_DIR" doc:"Folder of the datasets. Empty: datasets below RAGLINE_DATA_DIR."`
	// Bucket gets a copy of each dataset, and is what the announcement names.
	Bucket string `env:"RAGLINE_DATASET_BUCKET" doc:"Bucket for the datasets, which announcements then name, for readers on other machines: a file:// URL of a shared folder, or s3://bucket/folder?region=... in a build with the tag s3. Empty: RAGLINE_DATASET_DIR is where they are read."`
	// Name of the series.
	Name string `env:"RAGLINE_DATASET_NAME" envDefault:"default" doc:"Name of the series of datasets, a part of the path. Allowed: lower-case letters, digits, dash, underscore."`
	// Threshold is the number of new rows that starts a build.
	Threshold int `env:"RAGLINE_DATASET_THRESHOLD" envDefault:"20" doc:"New eligible rows since the last announced dataset that start a build. Allowed: 0 (never by itself) or more."`
	// Quiet is how long nothing must arrive before the threshold is looked at.
	Quiet time.Duration `env:"RAGLINE_DATASET_QUIET" envDefault:"15s" doc:"Time without new events before a build may start. Allowed: above 0."`
	// Schedule builds also where the threshold is not reached.
	Schedule time.Duration `env:"RAGLINE_DATASET_SCHEDULE" envDefault:"0" doc:"Age of the last dataset at which the next one is built from whatever new rows there are, for example 24h. Allowed: 1s or more, or 0 for never."`
	// HeldOut is the share of conversations that are kept from training.
	HeldOut float64 `env:"RAGLINE_DATASET_HELDOUT" envDefault:"0.2" doc:"Share of conversations that are held out for the gate. Allowed: 0 to below 1."`
	// SelfShare bounds what a model of our own may teach its successor.
	SelfShare float64 `env:"RAGLINE_DATASET_SELF_SHARE" envDefault:"0.2" doc:"Largest share of rows that a model trained here answered and no person verified. Allowed: 0 to 1."`
}

// Sentinels of this package.
var (
	ErrNoDir     = errors.New("RAGLINE_DATASET_DIR is empty")
	ErrNoRows    = errors.New("no row is eligible: there are no seeds, and no interaction is scored or verified well enough")
	ErrNotFound  = errors.New("no such dataset")
	ErrAmbiguous = errors.New("several datasets start like this")
)

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	if !namePattern.MatchString(c.Name) {
		return fmt.Errorf("RAGLINE_DATASET_NAME=%q: allowed are up to 63 lower-case letters, digits, - and _", c.Name)
	}
	if u, err := url.Parse(c.Bucket); err != nil || c.Bucket != "" && (u.Scheme == "" || u.Path == "" && u.Host == "") {
		return fmt.Errorf("RAGLINE_DATASET_BUCKET=%q: allowed are URLs such as file:///srv/datasets", c.Bucket)
	}
	if c.Threshold < 0 {
		return fmt.Errorf("RAGLINE_DATASET_THRESHOLD=%d: allowed are 0 or more", c.Threshold)
	}
	if c.Quiet <= 0 {
		return fmt.Errorf("RAGLINE_DATASET_QUIET=%s: allowed are durations above 0", c.Quiet)
	}
	if c.Schedule != 0 && c.Schedule < time.Second {
		return fmt.Errorf("RAGLINE_DATASET_SCHEDULE=%s: allowed are 1s or more, and 0 for never", c.Schedule)
	}
	if !(c.HeldOut >= 0 && c.HeldOut < 1) {
		return fmt.Errorf("RAGLINE_DATASET_HELDOUT=%g: allowed are 0 to below 1", c.HeldOut)
	}
	if !(c.SelfShare >= 0 && c.SelfShare <= 1) {
		return fmt.Errorf("RAGLINE_DATASET_SELF_SHARE=%g: allowed are 0 to 1", c.SelfShare)
	}
	return nil
}
