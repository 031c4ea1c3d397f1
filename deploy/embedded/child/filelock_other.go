//go:build !unix

package child

import (
	"errors"
	"os"
)

var errWouldBlock = errors.New("locked")

func tryLock(*os.File) error { return errors.ErrUnsupported }

func unlock(*os.File) {}
