//go:build unix && !linux

package child

import "syscall"

// procAttr gives the program a process group of its own. It does not notice the death of its parent here: the lock
// that it holds is how the next one finds it.
func procAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
