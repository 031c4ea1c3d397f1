package langsmith

import (
	"strconv"

	"github.com/google/uuid"
)

// form is a multipart request. LangSmith wants a type and a length on every part. The headers are written by hand:
// mime/multipart sorts a map for each of the five parts of a run.
type form struct {
	boundary string
	body     []byte
	json     []byte // the part that is being written
	name     []byte // its name
	parts    int
}

func newForm() *form { return &form{boundary: uuid.NewString()} }

// reset keeps the buffers for another request.
func (f *form) reset() { f.body, f.parts = f.body[:0], 0 }

func (f *form) empty() bool { return f.parts == 0 }

// begin names the next part, kind.id or kind.id.of, whose JSON is then appended to f.json.
func (f *form) begin(kind string, id uuid.UUID, of string) {
	f.name = appendUUID(append(append(f.name[:0], kind...), '.'), id)
	if of != "" {
		f.name = append(append(f.name, '.'), of...)
	}
	f.json = f.json[:0]
}

// end adds the part.
func (f *form) end() {
	b := append(append(f.body, "--"...), f.boundary...)
	b = append(append(b, "\r\nContent-Disposition: form-data; name=\""...), f.name...)
	b = append(b, "\"\r\nContent-Type: application/json\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(f.json)), 10)
	b = append(append(b, "\r\n\r\n"...), f.json...)
	b = append(b, "\r\n"...)
	f.body = b
	f.parts++
}

func (f *form) close() (body []byte, contentType string) {
	f.body = append(append(append(f.body, "--"...), f.boundary...), "--\r\n"...)
	return f.body, "multipart/form-data; boundary=" + f.boundary
}
