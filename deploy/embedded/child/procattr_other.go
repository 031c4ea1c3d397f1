//go:build !unix

package child

import "syscall"

func procAttr() *syscall.SysProcAttr { return nil }
