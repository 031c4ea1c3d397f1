package event

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"
)

// namespace is the UUID under which all derived ids live: UUIDv5 of the URL namespace and
// "ragline/event". It must never change, or repeats would no longer be recognised.
var namespace = uuidV5([16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}, "ragline/event")

// NewID returns a fresh UUIDv7 (RFC 9562): sortable by the millisecond of its creation.
func NewID() string {
	var u [16]byte
	binary.BigEndian.PutUint64(u[:8], uint64(time.Now().UnixMilli())<<16)
	if _, err := rand.Read(u[6:]); err != nil {
		panic("event: no randomness: " + err.Error()) // crypto/rand does not fail on supported systems
	}
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	return format(u)
}

// DeriveID returns the UUIDv5 of an event that consumer emits as its ordinal-th (from 0) answer to
// the event with id cause. The same inputs always give the same id, so that a repeat is recognised.
func DeriveID(cause, consumer string, ordinal int) string {
	return format(uuidV5(namespace, cause+"\x00"+consumer+"\x00"+strconv.Itoa(ordinal)))
}

// positionID is the id of a record that came without one: the same record always gets the same id. Its time is a part
// of it, so that a topic which was deleted and created again does not repeat the ids of the old one.
func positionID(r Record) string {
	at := strconv.Itoa(int(r.Partition)) + "@" + strconv.FormatInt(r.Timestamp.UnixMilli(), 10)
	return DeriveID(r.Topic, at, int(r.Offset))
}

func uuidV5(ns [16]byte, name string) [16]byte {
	h := sha1.New()
	h.Write(ns[:])
	h.Write([]byte(name))
	var u [16]byte
	copy(u[:], h.Sum(nil))
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return u
}

func format(u [16]byte) string {
	var b [36]byte
	hex.Encode(b[:8], u[:4])
	hex.Encode(b[9:13], u[4:6])
	hex.Encode(b[14:18], u[6:8])
	hex.Encode(b[19:23], u[8:10])
	hex.Encode(b[24:], u[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}
