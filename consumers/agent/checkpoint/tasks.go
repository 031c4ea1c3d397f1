package checkpoint

import (
	"encoding/json"
	"slices"
)

type answeredInterrupt struct {
	taskID string
	index  int
	resume json.RawMessage
}

// gather joins finished tasks and the answers to interrupts, which are in order of their index.
func gather(done []TaskRecord, answers []answeredInterrupt) []TaskRecord {
	out := slices.Clone(done)
	for _, a := range answers {
		i := slices.IndexFunc(out, func(t TaskRecord) bool { return t.TaskID == a.taskID })
		if i < 0 {
			out = append(out, TaskRecord{TaskID: a.taskID})
			i = len(out) - 1
		}
		out[i].Resumes = append(out[i].Resumes, a.resume)
	}
	return out
}
