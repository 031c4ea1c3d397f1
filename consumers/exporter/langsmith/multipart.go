package langsmith

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/google/uuid"
)

// form is a multipart request. LangSmith wants a type and a length on every part. Its first error is kept for close. The
// headers are written by hand: mime/multipart sorts a map for each of the five parts of a run.
type form struct {
	body     bytes.Buffer
	boundary string
	json     bytes.Buffer // a part
	encoder  *json.Encoder
	parts    int
	err      error
}

func newForm() *form {
	f := &form{boundary: uuid.NewString()}
	f.encoder = json.NewEncoder(&f.json)
	f.encoder.SetEscapeHTML(false)
	return f
}

func (f *form) empty() bool { return f.parts == 0 }

func (f *form) run(r run) {
	name := "post." + r.ID
	f.part(name, r)
	f.optional(name+".inputs", r.inputs)
	f.optional(name+".outputs", r.outputs)
	f.optional(name+".extra", r.extra)
	f.optional(name+".events", r.events)
	if r.err != "" {
		f.part(name+".error", r.err)
	}
}

func (f *form) feedback(fb feedback) { f.part("feedback."+fb.ID, fb) }

func (f *form) optional(name string, value any) {
	if value != nil {
		f.part(name, value)
	}
}

func (f *form) part(name string, value any) {
	f.json.Reset()
	if err := f.encoder.Encode(value); err != nil && f.err == nil {
		f.err = fmt.Errorf("building part %s: %w", name, err)
		return
	}
	data := bytes.TrimSuffix(f.json.Bytes(), []byte("\n"))
	f.body.WriteString("--" + f.boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n" +
		"Content-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(data)) + "\r\n\r\n")
	f.body.Write(data)
	f.body.WriteString("\r\n")
	f.parts++
}

func (f *form) close() (body []byte, contentType string, err error) {
	f.body.WriteString("--" + f.boundary + "--\r\n")
	return f.body.Bytes(), "multipart/form-data; boundary=" + f.boundary, f.err
}
