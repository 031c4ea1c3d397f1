package wire

import (
	"fmt"

	"github.com/ClickHouse/ch-go/proto"
)

// HelloQuery is what clickhouse-go asks first on each connection.
const HelloQuery = "SELECT displayName(), version(), revision(), timezone()"

// Hello is the answer to HelloQuery.
type Hello struct {
	Name, Version, Timezone string
}

// Encode gives one Native block at the revision that the client announced.
// Its revision column says 0, because libchdb writes Native blocks of revision 0
// and the client decodes everything after this block as it is told here.
func (h Hello) Encode(clientRevision int) ([]byte, error) {
	name, version, timezone := new(proto.ColStr), new(proto.ColStr), new(proto.ColStr)
	name.Append(h.Name)
	version.Append(h.Version)
	timezone.Append(h.Timezone)
	revision := proto.ColUInt32{0}
	var buf proto.Buffer
	block := proto.Block{Info: proto.BlockInfo{BucketNum: -1}, Columns: 4, Rows: 1}
	err := block.EncodeBlock(&buf, clientRevision, []proto.InputColumn{
		{Name: "displayName()", Data: name},
		{Name: "version()", Data: version},
		{Name: "revision()", Data: revision},
		{Name: "timezone()", Data: timezone},
	})
	if err != nil {
		return nil, fmt.Errorf("encoding the hello block: %w", err)
	}
	return buf.Buf, nil
}
