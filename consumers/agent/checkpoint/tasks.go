package checkpoint

import (
	"cmp"
	"slices"
)

// gather gives the tasks their interrupts, and adds those of which no more than that is known.
func gather(tasks []TaskRecord, interrupts []Interrupt) []TaskRecord {
	out := slices.Clone(tasks)
	for _, in := range interrupts {
		i := slices.IndexFunc(out, func(t TaskRecord) bool { return t.TaskID == in.TaskID })
		if i < 0 {
			out = append(out, TaskRecord{TaskID: in.TaskID})
			i = len(out) - 1
		}
		out[i].Interrupts = append(out[i].Interrupts, in)
	}
	for _, t := range out {
		slices.SortFunc(t.Interrupts, func(a, b Interrupt) int { return cmp.Compare(a.Index, b.Index) })
	}
	slices.SortFunc(out, func(a, b TaskRecord) int { return cmp.Compare(a.TaskID, b.TaskID) })
	return out
}
