//go:build unix && !linux

package child

import "syscall"

// procAttr gives the program its own process group, so that Ctrl-C reaches the parent only.
func procAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
