package backend

// Held is how many runs have events in memory, and what they weigh.
func (b *Backend) Held() (runs, bytes int) {
	b.hub.mu.Lock()
	defer b.hub.mu.Unlock()
	return len(b.hub.runs), b.hub.bytes
}

// Waiting is how many threads somebody is at the gate of.
func (b *Backend) Waiting() int {
	b.gate.mu.Lock()
	defer b.gate.mu.Unlock()
	return len(b.gate.doors)
}
