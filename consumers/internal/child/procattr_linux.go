package child

import "syscall"

// procAttr gives the program a process group of its own, and has the kernel ask it to end when its parent dies.
func procAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
