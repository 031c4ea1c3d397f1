// Package child runs a program that works for a consumer: it hands over the lines that the program writes on a
// descriptor of their own, asks it to end, and ends its whole process group.
//
// The program dies with its parent: on Linux the kernel sends it SIGTERM when the parent dies, also by kill -9, so
// that it can save what it has. A program that is busy may live on for a moment. Whoever comes after the parent finds
// it by the lock that it holds (Lock), which ends with the last process that inherited it.
package child
