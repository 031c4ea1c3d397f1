//go:build !unix

package packager

import (
	"context"
	"os"
	"path/filepath"
)

// lock makes the folder above. Here nothing keeps a second process away.
func (p *Packager) lock(_ context.Context, dir string) (func(), error) {
	return func() {}, os.MkdirAll(filepath.Dir(dir), 0o755)
}
