// Package httpd is what ragline's HTTP servers share: keys, what loopback is, and serving until a context ends.
package httpd
