//go:build !unix

package packager

import "context"

// lock does nothing here: start no second packager.
func (p *Packager) lock(context.Context) (func(), error) { return func() {}, nil }
