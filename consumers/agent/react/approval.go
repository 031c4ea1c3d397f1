package react

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/ragline/ragline/consumers/agent/graph"
	"github.com/ragline/ragline/consumers/agent/tool"
)

// approval is what the state keeps of a yes: what was approved, and not which call it was. The key of the call is one run's
// alone, so that a replay or a copy of the thread asks again, and other arguments are another approval.
func approval(c Call) string {
	raw, _ := json.Marshal([]any{c.Key, c.Tool, string(canonical(c.Arguments))}) //nolint:errchkjson // three strings
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// canonical is the one form of all ways to write the same JSON: stores may write it anew.
func canonical(arguments json.RawMessage) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(arguments))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return arguments
	}
	out, err := json.Marshal(v)
	if err != nil {
		return arguments
	}
	return out
}

// mayRun says whether a call needs no review, or has had it.
func (r *loop) mayRun(s graph.State, t tool.Tool, c Call) (bool, error) {
	if !t.Sensitive || !r.Reviews {
		return true, nil
	}
	approved, err := keyApproved.Get(s)
	return slices.Contains(approved, approval(c)), err
}

// allMayRun says whether none of the calls needs a review that it has not had. Calls that cannot be made need none.
func (r *loop) allMayRun(s graph.State, list []Call) (bool, error) {
	for _, c := range list {
		found, wrong, err := r.usable(c)
		if err != nil {
			return false, err
		}
		if wrong != "" {
			continue
		}
		if ok, err := r.mayRun(s, found, c); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}
