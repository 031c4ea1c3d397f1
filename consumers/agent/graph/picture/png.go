package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// ErrTooLarge is the error of PNG for more than 50 million pixels.
var ErrTooLarge = errors.New("the picture would be too large")

const mostPixels = 50_000_000

// PNG returns the graph as an image; scale 1 is 15 pixels for the names, 2 suits most screens. It shows what SVG shows.
// The font has Latin, Greek and Cyrillic letters; others appear as boxes.
func PNG(g Graph, scale float64) ([]byte, error) {
	if !(scale > 0 && scale <= 16) {
		return nil, fmt.Errorf("scale %g is not above 0 and up to 16", scale)
	}
	s := newScene(g)
	width, height := math.Ceil(s.width*scale), math.Ceil(s.height*scale)
	if width*height > mostPixels {
		return nil, fmt.Errorf("%w: %.0f x %.0f pixels", ErrTooLarge, width, height)
	}
	c := &raster{img: image.NewRGBA(image.Rect(0, 0, int(width), int(height))), scale: scale, text: s.text}
	draw.Draw(c.img, c.img.Bounds(), image.White, image.Point{}, draw.Src)
	s.paint(c)
	var out bytes.Buffer
	if err := png.Encode(&out, c.img); err != nil {
		return nil, fmt.Errorf("encoding the image: %w", err)
	}
	return out.Bytes(), nil
}

// raster paints on an image.
type raster struct {
	img   *image.RGBA
	scale float64
	text  *typesetter
}

const (
	strokeWidth = 1.4
	frameWidth  = 1.0
)

func (c *raster) box(at point, width, height, radius float64, fill, frame string) {
	if frame != "" {
		h := frameWidth / 2
		c.fill(rounded(point{at.x - h, at.y - h}, width+2*h, height+2*h, radius+h), frame)
		at, width, height, radius = point{at.x + h, at.y + h}, width-2*h, height-2*h, radius-h
	}
	c.fill(rounded(at, width, height, radius), fill)
}

func (c *raster) stroke(s stroke) {
	points := flatten(s)
	if !s.dashed {
		c.fill(outline(points, strokeWidth), colorEdge)
	} else {
		for _, d := range dashes(points) {
			c.fill(outline(d, strokeWidth), colorEdge)
		}
	}
	c.fill([]point{s.tip, s.head[0], s.head[1]}, colorEdge)
}

func (c *raster) line(at point, l line) {
	d := font.Drawer{
		Dst: c.img, Src: image.NewUniform(rgb(l.color)), Face: c.text.face(l.size * c.scale),
		Dot: fixed.Point26_6{X: fixed.Int26_6((at.x - l.width/2) * c.scale * 64), Y: fixed.Int26_6(at.y * c.scale * 64)},
	}
	d.DrawString(l.text)
}

// fill paints a polygon, in a mask that is no larger than the polygon.
func (c *raster) fill(polygon []point, name string) {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, p := range polygon {
		low = point{min(low.x, p.x*c.scale), min(low.y, p.y*c.scale)}
		high = point{max(high.x, p.x*c.scale), max(high.y, p.y*c.scale)}
	}
	bounds := image.Rect(int(math.Floor(low.x)), int(math.Floor(low.y)), int(math.Ceil(high.x)), int(math.Ceil(high.y)))
	r := vector.NewRasterizer(bounds.Dx(), bounds.Dy())
	for i, p := range polygon {
		x, y := float32(p.x*c.scale-float64(bounds.Min.X)), float32(p.y*c.scale-float64(bounds.Min.Y))
		if i == 0 {
			r.MoveTo(x, y)
		} else {
			r.LineTo(x, y)
		}
	}
	r.ClosePath()
	r.Draw(c.img, bounds, image.NewUniform(rgb(name)), image.Point{})
}

// rgb reads #rrggbb.
func rgb(name string) color.RGBA {
	c := color.RGBA{A: 0xff}
	_, _ = fmt.Sscanf(name, "#%02x%02x%02x", &c.R, &c.G, &c.B) // our own constants
	return c
}
