package picture

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// SVG returns the graph as an SVG document that needs nothing from elsewhere. Names are text and nothing else.
func SVG(g Graph) []byte {
	s, c := newScene(g), &svg{}
	fmt.Fprintf(&c.out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%[1]s\" height=\"%[2]s\" viewBox=\"0 0 %[1]s %[2]s\""+
		" font-family=\"Go, Verdana, 'DejaVu Sans', sans-serif\" role=\"img\">\n<title>state graph</title>\n", number(s.width), number(s.height))
	c.box(point{}, s.width, s.height, 0, colorPaper, "")
	s.paint(c)
	c.out.WriteString("</svg>\n")
	return c.out.Bytes()
}

type svg struct{ out bytes.Buffer }

// number is short and the same on every machine.
func number(v float64) string {
	s := strconv.FormatFloat(v, 'f', 1, 64)
	if s == "-0.0" {
		return "0"
	}
	return strings.TrimSuffix(s, ".0")
}

func pair(p point) string { return number(p.x) + "," + number(p.y) }

func (c *svg) box(at point, width, height, radius float64, fill, frame string) {
	fmt.Fprintf(&c.out, `<rect x="%s" y="%s" width="%s" height="%s"`, number(at.x), number(at.y), number(width), number(height))
	if radius > 0 {
		fmt.Fprintf(&c.out, ` rx="%s"`, number(radius))
	}
	fmt.Fprintf(&c.out, ` fill="%s"`, fill)
	if frame != "" {
		fmt.Fprintf(&c.out, ` stroke="%s"`, frame)
	}
	c.out.WriteString("/>\n")
}

func (c *svg) stroke(s stroke) {
	fmt.Fprintf(&c.out, `<path d="M%s`, pair(s.from))
	at := s.from
	for _, b := range s.curves {
		if b.c1 == at && b.c2 == b.to {
			fmt.Fprintf(&c.out, "L%s", pair(b.to))
		} else {
			fmt.Fprintf(&c.out, "C%s %s %s", pair(b.c1), pair(b.c2), pair(b.to))
		}
		at = b.to
	}
	fmt.Fprintf(&c.out, `" fill="none" stroke="%s" stroke-width="1.4"`, colorEdge)
	if s.dashed {
		fmt.Fprintf(&c.out, ` stroke-dasharray="%g %g"`, dash, dashGap)
	}
	fmt.Fprintf(&c.out, "/>\n<path d=\"M%sL%sL%sZ\" fill=\"%s\"/>\n", pair(s.tip), pair(s.head[0]), pair(s.head[1]), colorEdge)
}

// line says how wide the text is, so that another font than the measured one neither runs over nor is cut.
func (c *svg) line(at point, l line) {
	if l.text == "" {
		return
	}
	fmt.Fprintf(&c.out, `<text x="%s" y="%s" text-anchor="middle" font-size="%s" fill="%s" textLength="%s" lengthAdjust="spacingAndGlyphs">`,
		number(at.x), number(at.y), number(l.size), l.color, number(l.width))
	_ = xml.EscapeText(&c.out, []byte(l.text)) // a buffer takes everything
	c.out.WriteString("</text>\n")
}
