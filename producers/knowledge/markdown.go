package knowledge

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/ragline/ragline/schemas/event"
)

var heading = regexp.MustCompile(`(?m)^#\s+(.+?)\s*#*\s*$`)

// fromMarkdown reads front matter into id, title and metadata; the text is the rest.
func fromMarkdown(_ string, raw []byte) (*event.DocumentChanged, error) {
	text, err := plain(raw)
	if err != nil {
		return nil, err
	}
	d := &event.DocumentChanged{MediaType: "text/markdown"}
	front, body, found := cutFrontMatter(text)
	if found {
		if err := readFrontMatter(d, front); err != nil {
			return nil, err
		}
	}
	d.Text = strings.TrimSpace(body) + "\n"
	if m := heading.FindStringSubmatch(d.Text); d.Title == "" && m != nil {
		d.Title = m[1]
	}
	return d, nil
}

func fromText(_ string, raw []byte) (*event.DocumentChanged, error) {
	text, err := plain(raw)
	if err != nil {
		return nil, err
	}
	return &event.DocumentChanged{MediaType: "text/plain", Text: strings.TrimSpace(text) + "\n"}, nil
}

// cutFrontMatter splits a text that opens with a line of three dashes. Without a closing line there is no front
// matter: the dashes are a ruler.
func cutFrontMatter(text string) (front, body string, found bool) {
	rest, ok := strings.CutPrefix(text, "---\n")
	if !ok {
		return "", text, false
	}
	if body, ok := strings.CutPrefix(rest, "---\n"); ok {
		return "", body, true
	}
	front, body, ok = strings.Cut(rest+"\n", "\n---\n")
	if !ok {
		return "", text, false
	}
	return front, body, true
}

func readFrontMatter(d *event.DocumentChanged, front string) error {
	var fields map[string]any
	if err := yaml.Unmarshal([]byte(front), &fields); err != nil {
		return fmt.Errorf("reading its front matter: %w", err)
	}
	d.Metadata = map[string]string{}
	for name, value := range fields {
		text, err := metadataText(value)
		if err != nil {
			return fmt.Errorf("reading its front matter: field %s: %w", name, err)
		}
		switch name {
		case "id":
			d.DocumentId = text
		case "title":
			d.Title = text
		default:
			d.Metadata[name] = text
		}
	}
	return nil
}

// metadataText is a scalar as it is, and anything else as JSON.
func metadataText(value any) (string, error) {
	switch value := value.(type) {
	case nil:
		return "", nil
	case string:
		return value, nil
	case time.Time: // YAML reads 2026-11-20 as a time
		if value.Equal(value.Truncate(24 * time.Hour)) {
			return value.Format(time.DateOnly), nil
		}
		return value.Format(time.RFC3339Nano), nil
	case bool, int, int64, uint64, float64:
		return fmt.Sprint(value), nil
	default:
		raw, err := json.Marshal(value)
		return string(raw), err
	}
}
