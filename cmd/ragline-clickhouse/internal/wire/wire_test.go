package wire_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/wire"
)

func TestHelloIsReadableAtTheClientsRevision(t *testing.T) {
	t.Parallel()
	for _, revision := range []int{0, 54454, 54460} {
		data, err := wire.Hello{Name: "ragline", Version: "26.7.2.1", Timezone: "UTC"}.Encode(revision)
		require.NoError(t, err)

		var name, version, timezone proto.ColStr
		var rev proto.ColUInt32
		reader := proto.NewReader(bytes.NewReader(data))
		var block proto.Block
		require.NoError(t, block.DecodeBlock(reader, revision, proto.Results{
			{Name: "displayName()", Data: &name},
			{Name: "version()", Data: &version},
			{Name: "revision()", Data: &rev},
			{Name: "timezone()", Data: &timezone},
		}))
		require.Equal(t, "ragline", name.Row(0))
		require.Equal(t, "26.7.2.1", version.Row(0))
		require.Equal(t, "UTC", timezone.Row(0))
		require.Zero(t, rev.Row(0), "results after the hello are of revision 0")
		_, err = reader.ReadByte()
		require.ErrorIs(t, err, io.EOF)
	}
}

func TestFramesSurviveTheRoundTrip(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("ragline ", 400_000) // several frames
	for _, method := range []string{"", "LZ4", "ZSTD"} {
		var buf bytes.Buffer
		w := wire.NewFrameWriter(&buf, method)
		_, err := io.WriteString(w, data)
		require.NoError(t, err)
		require.NoError(t, w.Flush())
		got, err := io.ReadAll(wire.NewFrameReader(&buf))
		require.NoError(t, err)
		require.Equal(t, data, string(got))
	}
}

func TestCutFrameIsNotACleanEnd(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	w := wire.NewFrameWriter(&buf, "")
	_, _ = io.WriteString(w, "one frame, cut at each of its bytes")
	require.NoError(t, w.Flush())
	whole := buf.Bytes()
	for cut := 1; cut < len(whole); cut++ {
		_, err := io.ReadAll(wire.NewFrameReader(bytes.NewReader(whole[:cut])))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut at %d", cut)
	}
}

func encoders(out io.Writer) map[string]io.WriteCloser {
	z, _ := zstd.NewWriter(out)
	return map[string]io.WriteCloser{
		"gzip": gzip.NewWriter(out), "deflate": zlib.NewWriter(out), "br": brotli.NewWriter(out), "zstd": z,
	}
}

func TestBodiesAreDecoded(t *testing.T) {
	t.Parallel()
	for name := range encoders(io.Discard) {
		var buf bytes.Buffer
		w := encoders(&buf)[name]
		_, _ = io.WriteString(w, "1\t2\n")
		require.NoError(t, w.Close())
		r, err := wire.Decode(&buf, name)
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.Equal(t, "1\t2\n", string(got), name)
	}
	_, err := wire.Decode(nil, "snappy")
	require.ErrorIs(t, err, wire.ErrEncoding)
}

// A sender that dies after the last compressed byte but before the end of the body has not said that it is done.
func TestBodyThatBreaksAfterItsChecksumIsAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	for name := range encoders(io.Discard) {
		var buf bytes.Buffer
		w := encoders(&buf)[name]
		_, _ = io.WriteString(w, "1\t2\n")
		require.NoError(t, w.Close())
		r, err := wire.Decode(io.MultiReader(&buf, errReader{broken}), name)
		require.NoError(t, err)
		_, err = io.ReadAll(r)
		require.ErrorIs(t, err, broken, name)
	}
}

type errReader struct{ err error }

func (e errReader) Read([]byte) (int, error) { return 0, e.err }

func TestExceptionBlockNamesItsTagAndLength(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	tag := wire.NewExceptionTag()
	require.Len(t, tag, 16)
	require.NoError(t, wire.WriteException(&buf, tag, "Code: 60. DB::Exception: no\n"))
	require.Equal(t, "\r\n__exception__\r\n"+tag+"\r\nCode: 60. DB::Exception: no\n27 "+tag+"\r\n__exception__\r\n", buf.String())
}

func TestStatusIsTheServers(t *testing.T) {
	t.Parallel()
	for code, status := range map[int]int{516: 403, 62: 400, 60: 404, 115: 404, 241: 500, 164: 500, 48: 501, 229: 413} {
		require.Equal(t, status, wire.HTTPStatus(code), "code %d", code)
	}
}
