package threads

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Ambiguous means that a shortened id fits several.
type Ambiguous struct {
	What, Prefix string
	Matches      []string
}

// Error lists some of the matches.
func (a *Ambiguous) Error() string {
	const shown = 4
	more := ""
	if len(a.Matches) > shown {
		more = fmt.Sprintf(" and %d more", len(a.Matches)-shown)
	}
	return fmt.Sprintf("%s %s fits %s%s: give more of it", a.What, a.Prefix, strings.Join(a.Matches[:min(shown, len(a.Matches))], ", "), more)
}

// Unknown means that nothing has the id. Near are those that look like it.
type Unknown struct {
	What, ID string
	Near     []string
}

// Error names what is near.
func (u *Unknown) Error() string {
	text := fmt.Sprintf("there is no %s %s", u.What, u.ID)
	if len(u.Near) > 0 {
		text += ", did you mean " + strings.Join(u.Near, " or ") + "?"
	}
	return text
}

// mostFound bounds how many threads or checkpoints are looked through for a shortened id.
const mostFound = 20_000

// FindThread returns the thread whose id is given, or begins with what is given.
func (c *Client) FindThread(ctx context.Context, id string) (Thread, error) {
	t, err := c.Thread(ctx, id)
	if err == nil || !Is(err, http.StatusNotFound) && !Is(err, http.StatusUnprocessableEntity) {
		return t, err
	}
	var ids []string
	for offset := 0; offset < mostFound; offset += MostThreads {
		page, total, err := c.Threads(ctx, Query{Limit: MostThreads, Offset: offset, Select: []string{"thread_id"}})
		if err != nil {
			return Thread{}, err
		}
		for _, one := range page {
			ids = append(ids, one.ID)
		}
		if offset+len(page) >= total || len(page) == 0 {
			break
		}
	}
	found, unknown := Pick("thread", id, ids)
	if unknown != nil {
		return Thread{}, unknown
	}
	if found == id {
		return t, fmt.Errorf("thread %s is there, but the server does not show it: %w", id, err)
	}
	return c.Thread(ctx, found)
}

// checkpointPage is how many states are read at a time: each may be large.
const checkpointPage = 100

// fullID is the length of a checkpoint's id.
const fullID = 36

// FindCheckpoint returns the state whose checkpoint's id is given, or begins with what is given.
func (c *Client) FindCheckpoint(ctx context.Context, thread, id string) (State, error) {
	if len(id) == fullID {
		s, err := c.State(ctx, thread, id)
		if !Is(err, http.StatusNotFound) {
			return s, err
		}
	}
	states := map[string]State{}
	var ids []string
	for before := ""; len(ids) < mostFound; {
		page, err := c.History(ctx, thread, before, checkpointPage)
		if err != nil {
			return State{}, err
		}
		for _, s := range page {
			before = s.ID()
			ids = append(ids, before)
			if strings.HasPrefix(before, id) {
				states[before] = s
			}
		}
		if len(page) < checkpointPage {
			break
		}
	}
	found, err := Pick("checkpoint", id, ids)
	return states[found], err
}

// Pick returns the only id that begins with a prefix; an id that is the prefix wins.
func Pick(what, prefix string, ids []string) (string, error) {
	var matches []string
	for _, id := range ids {
		if id == prefix {
			return id, nil
		}
		if prefix != "" && strings.HasPrefix(id, prefix) {
			matches = append(matches, id)
		}
	}
	switch len(matches) {
	case 0:
		return "", &Unknown{what, prefix, near(prefix, ids)}
	case 1:
		return matches[0], nil
	}
	return "", &Ambiguous{what, prefix, matches}
}

// near are the ids that share most of an id: a mistake of one or two characters, or more behind a long common beginning.
func near(id string, ids []string) []string {
	const shown, typos = 3, 2
	var out []string
	for _, one := range ids {
		short := one[:min(len(one), max(len(id), 1))]
		if distance(id, one) <= typos || len(id) > 4 && distance(id, short) <= typos {
			out = append(out, one)
		}
	}
	return out[:min(shown, len(out))]
}

// distance is how many characters must be added, removed or changed to make one word of another.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// Short returns how long prefixes must be so that no two ids share one, at least 8.
func Short(ids []string) int {
	const least = 8
	sorted := slices.Sorted(slices.Values(ids))
	length := least
	for i := 1; i < len(sorted); i++ {
		a, b := sorted[i-1], sorted[i]
		common := 0
		for common < min(len(a), len(b)) && a[common] == b[common] {
			common++
		}
		if a != b {
			length = max(length, common+1)
		}
	}
	return length
}
