package stream

import (
	"strconv"
	"strings"
)

// A plan is the metadata of an offset commit: "v1;to=M" announces the batch [offset, M), "v1" announces none.
// Readers accept further fields, so that a plan may grow.
const planVersion = "v1"

// announce returns the metadata for a batch that ends before to.
func announce(to int64) string { return planVersion + ";to=" + strconv.FormatInt(to, 10) }

// announced returns the end of the batch that metadata announces from offset, or offset when it announces none.
// Another client's metadata announces none.
func announced(offset int64, metadata string) int64 {
	fields := strings.Split(metadata, ";")
	if fields[0] != planVersion {
		return offset
	}
	for _, f := range fields[1:] {
		value, found := strings.CutPrefix(f, "to=")
		if to, err := strconv.ParseInt(value, 10, 64); found && err == nil && to > offset {
			return to
		}
	}
	return offset
}
