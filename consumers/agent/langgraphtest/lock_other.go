//go:build !unix

package langgraphtest

import (
	"context"
	"errors"
)

func lock(context.Context, string) (unlock func(), err error) {
	return nil, errors.New("installing LangGraph for tests needs a Unix system")
}
