// Package child starts another program, watches it and starts it again when it dies.
//
// The program says that it serves by printing the line "ready ADDR" on stdout,
// and ends when its stdin ends, so that it never outlives a parent killed with -9.
// [UntilParentExits] and [PrintReady] are the program's half of that agreement.
// [FileLock] keeps two processes from sharing one directory.
package child
