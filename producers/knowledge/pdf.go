package knowledge

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/ledongthuc/pdf"

	"github.com/ragline/ragline/schemas/event"
)

// maxPages bounds a PDF file.
const maxPages = 5000

// fromPDF keeps the words of a PDF file that has text; a scan has none.
func fromPDF(_ string, raw []byte) (d *event.DocumentChanged, err error) {
	defer func() { // the library panics on files that are not sound
		if broken := recover(); broken != nil {
			d, err = nil, fmt.Errorf("reading PDF: %v", broken)
		}
	}()
	in, err := pdf.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, fmt.Errorf("reading PDF: %w", err)
	}
	if in.NumPage() > maxPages {
		return nil, fmt.Errorf("%d pages, at most %d are read", in.NumPage(), maxPages)
	}
	var text strings.Builder
	for n := 1; n <= in.NumPage() && text.Len() <= event.MaxValueBytes; n++ {
		page := in.Page(n)
		if page.V.IsNull() {
			continue
		}
		words, err := page.GetPlainText(nil)
		if err != nil {
			return nil, fmt.Errorf("reading page %d: %w", n, err)
		}
		text.WriteString(strings.TrimSpace(words) + "\n\n")
	}
	clean := strings.ToValidUTF8(strings.ReplaceAll(text.String(), "\x00", ""), "\uFFFD")
	if strings.TrimSpace(clean) == "" {
		return nil, errors.New("it has no text: a scan needs text recognition first")
	}
	return &event.DocumentChanged{
		MediaType: "text/plain",
		Title:     strings.TrimSpace(strings.ToValidUTF8(in.Trailer().Key("Info").Key("Title").Text(), "")),
		Text:      strings.TrimSpace(clean) + "\n",
	}, nil
}
