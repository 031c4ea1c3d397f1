package langsmith

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"strconv"
)

// form is a multipart request. LangSmith wants a type and a length on every part. Its first error is kept for close.
type form struct {
	body   bytes.Buffer
	writer *multipart.Writer
	parts  int
	err    error
}

func newForm() *form {
	f := &form{}
	f.writer = multipart.NewWriter(&f.body)
	return f
}

func (f *form) empty() bool { return f.parts == 0 }

func (f *form) run(r run) {
	name := "post." + r.ID
	f.part(name, r)
	for _, p := range []struct {
		name  string
		value any
	}{{"inputs", r.inputs}, {"outputs", r.outputs}, {"extra", r.extra}, {"events", r.events}} {
		if p.value != nil {
			f.part(name+"."+p.name, p.value)
		}
	}
	if r.err != "" {
		f.part(name+".error", r.err)
	}
}

func (f *form) feedback(fb feedback) { f.part("feedback."+fb.ID, fb) }

func (f *form) part(name string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		f.err = fmt.Errorf("building part %s: %w", name, err)
		return
	}
	w, err := f.writer.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="` + name + `"`},
		"Content-Type":        {"application/json"},
		"Content-Length":      {strconv.Itoa(len(raw))},
	})
	if err != nil {
		f.err = fmt.Errorf("building part %s: %w", name, err)
		return
	}
	_, _ = w.Write(raw) // a buffer takes everything
	f.parts++
}

func (f *form) close() (body []byte, contentType string, err error) {
	if err := f.writer.Close(); err != nil && f.err == nil {
		f.err = fmt.Errorf("closing request: %w", err)
	}
	return f.body.Bytes(), f.writer.FormDataContentType(), f.err
}
