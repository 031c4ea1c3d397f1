package picture_test

import (
	"encoding/xml"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// drawing is an SVG as a reader sees it.
type drawing struct {
	Width  float64 `xml:"width,attr"`
	Height float64 `xml:"height,attr"`
	Rects  []rect  `xml:"rect"`
	Paths  []struct {
		D    string `xml:"d,attr"`
		Fill string `xml:"fill,attr"`
		Dash string `xml:"stroke-dasharray,attr"`
	} `xml:"path"`
	Texts []struct {
		X      float64 `xml:"x,attr"`
		Y      float64 `xml:"y,attr"`
		Length float64 `xml:"textLength,attr"`
		Size   float64 `xml:"font-size,attr"`
		Text   string  `xml:",chardata"`
	} `xml:"text"`
}

type rect struct {
	X      float64 `xml:"x,attr"`
	Y      float64 `xml:"y,attr"`
	Width  float64 `xml:"width,attr"`
	Height float64 `xml:"height,attr"`
	Frame  string  `xml:"stroke,attr"`
}

func read(t testing.TB, svg []byte) drawing {
	t.Helper()
	var d drawing
	require.NoError(t, xml.Unmarshal(svg, &d), string(svg))
	return d
}

// nodes have a frame, the backgrounds of labels have none.
func (d drawing) nodes() []rect  { return d.rects(true) }
func (d drawing) labels() []rect { return d.rects(false) }

func (d drawing) rects(framed bool) (out []rect) {
	for _, r := range d.Rects[1:] { // the first is the paper
		if (r.Frame != "") == framed {
			out = append(out, r)
		}
	}
	return out
}

// texts are the boxes that the letters take.
func (d drawing) texts() (out []rect) {
	for _, t := range d.Texts {
		out = append(out, rect{X: t.X - t.Length/2, Y: t.Y - 0.8*t.Size, Width: t.Length, Height: t.Size})
	}
	return out
}

func (r rect) overlaps(o rect, slack float64) bool {
	return r.X+slack < o.X+o.Width && o.X+slack < r.X+r.Width && r.Y+slack < o.Y+o.Height && o.Y+slack < r.Y+r.Height
}

func (r rect) holds(p [2]float64, slack float64) bool {
	return p[0] > r.X+slack && p[0] < r.X+r.Width-slack && p[1] > r.Y+slack && p[1] < r.Y+r.Height-slack
}

// edges are points on the lines, by edge.
func (d drawing) edges(t testing.TB) [][][2]float64 {
	t.Helper()
	var out [][][2]float64
	for _, p := range d.Paths {
		if p.Fill == "none" {
			out = append(out, trace(t, p.D))
		}
	}
	return out
}

func trace(t testing.TB, path string) (out [][2]float64) {
	t.Helper()
	path = strings.NewReplacer("M", " M ", "L", " L ", "C", " C ", ",", " ").Replace(path)
	words := strings.Fields(path)
	next := func() (p [2]float64) {
		for i := range p {
			v, err := strconv.ParseFloat(words[0], 64)
			require.NoError(t, err)
			p[i], words = v, words[1:]
		}
		return p
	}
	for len(words) > 0 {
		kind := words[0]
		words = words[1:]
		if kind == "M" {
			out = append(out, next())
			continue
		}
		from := out[len(out)-1]
		c1, c2 := from, [2]float64{}
		if kind == "C" {
			c1, c2 = next(), next()
		}
		to := next()
		if kind == "L" {
			c2 = to
		}
		for i := 1; i <= 40; i++ {
			v := float64(i) / 40
			u := 1 - v
			var p [2]float64
			for k := range p {
				p[k] = u*u*u*from[k] + 3*u*u*v*c1[k] + 3*u*v*v*c2[k] + v*v*v*to[k]
			}
			out = append(out, p)
		}
	}
	return out
}
