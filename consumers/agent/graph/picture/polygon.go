package picture

import "math"

// The dashes of conditional edges, in pixels.
const (
	dash    = 5.0
	dashGap = 4.0
)

// flatten turns curves into short lines.
func flatten(s stroke) []point {
	out := []point{s.from}
	at := s.from
	for _, b := range s.curves {
		steps := 1
		if b.c1 != at || b.c2 != b.to {
			steps = 48
		}
		for i := 1; i <= steps; i++ {
			out = append(out, b.point(at, float64(i)/float64(steps)))
		}
		at = b.to
	}
	return out
}

// point is the place at t from 0 to 1.
func (b curve) point(from point, t float64) point {
	u := 1 - t
	at := func(p0, p1, p2, p3 float64) float64 {
		return u*u*u*p0 + 3*u*u*t*p1 + 3*u*t*t*p2 + t*t*t*p3
	}
	return point{at(from.x, b.c1.x, b.c2.x, b.to.x), at(from.y, b.c1.y, b.c2.y, b.to.y)}
}

// dashes cuts a line into the parts that are drawn.
func dashes(points []point) [][]point {
	var out [][]point
	drawn, left := true, dash
	part := []point{points[0]}
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		for rest := distance(a, b); rest > 0; rest = distance(a, b) {
			if rest < left {
				left -= rest
				part = append(part, b)
				break
			}
			a = point{a.x + (b.x-a.x)*left/rest, a.y + (b.y-a.y)*left/rest}
			part = append(part, a)
			if drawn {
				out = append(out, part)
				left = dashGap
			} else {
				left = dash
			}
			drawn, part = !drawn, []point{a}
		}
	}
	if drawn && len(part) > 1 {
		out = append(out, part)
	}
	return out
}

func distance(a, b point) float64 { return math.Hypot(b.x-a.x, b.y-a.y) }

// outline is the polygon around a line of a width.
func outline(points []point, width float64) []point {
	n := len(points)
	out := make([]point, 2*n)
	for i, p := range points {
		before, after := points[max(0, i-1)], points[min(n-1, i+1)]
		length := distance(before, after)
		if length == 0 {
			length = 1
		}
		dx, dy := (after.y-before.y)/length*width/2, (before.x-after.x)/length*width/2
		out[i], out[2*n-1-i] = point{p.x + dx, p.y + dy}, point{p.x - dx, p.y - dy}
	}
	return out
}

// rounded is a rectangle with round corners.
func rounded(at point, width, height, radius float64) []point {
	if radius <= 0 {
		return []point{at, {at.x + width, at.y}, {at.x + width, at.y + height}, {at.x, at.y + height}}
	}
	radius = min(radius, width/2, height/2)
	const steps = 12
	left, right, top, bottom := at.x+radius, at.x+width-radius, at.y+radius, at.y+height-radius
	var out []point
	for i, c := range []point{{right, bottom}, {left, bottom}, {left, top}, {right, top}} {
		for k := range steps + 1 {
			angle := math.Pi / 2 * (float64(i) + float64(k)/steps)
			out = append(out, point{c.x + radius*math.Cos(angle), c.y + radius*math.Sin(angle)})
		}
	}
	return out
}
