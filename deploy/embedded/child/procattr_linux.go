package child

import "syscall"

// procAttr gives the program its own process group, so that Ctrl-C reaches the parent only
// and the parent decides the order of shutdown,
// and has the kernel end it with its parent even if it does not read stdin.
func procAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
