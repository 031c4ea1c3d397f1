package picture_test

import (
	"bytes"
	"image/color"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/graph/picture"
)

func TestPNGShowsWhatSVGShows(t *testing.T) {
	t.Parallel()
	g := named(t, "interrupt_before")
	b, err := picture.PNG(g, 2)
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(b))
	require.NoError(t, err)
	d := read(t, picture.SVG(g))
	require.InDelta(t, 2*d.Width, img.Bounds().Dx(), 1.2)
	require.InDelta(t, 2*d.Height, img.Bounds().Dy(), 1.2)
	at := func(x, y float64) color.RGBA { return color.RGBAModel.Convert(img.At(int(2*x), int(2*y))).(color.RGBA) }
	for _, n := range d.nodes() {
		require.NotEqual(t, color.RGBA{0xff, 0xff, 0xff, 0xff}, at(n.X+0.5, n.Y+n.Height/2), "the frame of %v", n)
	}
	end := d.nodes()[7]
	require.Equal(t, color.RGBA{0xbf, 0xb6, 0xfc, 0xff}, at(end.X+end.Width/2, end.Y+3))
	dark := 0
	for x := range int(end.Width) {
		if at(end.X+float64(x), end.Y+end.Height/2).G < 0x80 {
			dark++
		}
	}
	require.Greater(t, dark, 5, "the letters of __end__")
}

func TestPNGIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	g := tangle(12, 3)
	want, err := picture.PNG(g, 1)
	require.NoError(t, err)
	for range 3 {
		got, err := picture.PNG(g, 1)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
	}
}

func TestPNGRefusesWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	_, err := picture.PNG(tangle(80, 1), 16)
	require.ErrorIs(t, err, picture.ErrTooLarge)
	for _, scale := range []float64{0, -1, 17} {
		_, err = picture.PNG(picture.Graph{}, scale)
		require.ErrorContains(t, err, "scale")
	}
}
