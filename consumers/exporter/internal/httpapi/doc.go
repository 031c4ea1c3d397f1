// Package httpapi makes one HTTP request to a backend and says by the error what the exporter is to do next.
package httpapi
