package gpu

import (
	"crypto/sha256"
	"fmt"
)

// Card is one physical GPU of one node.
type Card struct {
	Model     *Model
	Index     int
	UUID      string
	BusID     string // as dcgm-exporter writes it, domain of eight digits
	MIG       bool   // MIG mode is on
	Instances []Instance
}

// NewCard makes card `index` of a node. The same seed and node always give the same UUID.
func NewCard(m *Model, seed int64, node string, index int) Card {
	return Card{
		Model: m,
		Index: index,
		UUID:  "GPU-" + StableUUID(seed, node, fmt.Sprint(index)),
		BusID: fmt.Sprintf("00000000:%02X:00.0", 0x10+index*0x11%0xe0),
	}
}

// InstanceUUID is the UUID of a MIG device on this card.
func (c Card) InstanceUUID(i Instance) string {
	return "MIG-" + StableUUID(0, c.UUID, fmt.Sprintf("%s@%d", i.Profile.Name, i.Start))
}

// StableUUID is a version 4 shaped UUID that depends on nothing but its arguments.
func StableUUID(seed int64, parts ...string) string {
	h := sha256.Sum256([]byte(fmt.Sprint(seed, parts)))
	h[6] = h[6]&0x0f | 0x40
	h[8] = h[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}
