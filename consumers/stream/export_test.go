package stream

// Held is what the consumers hold together at this moment.
func (b *Budget) Held() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	var held int64
	for _, a := range b.accounts {
		held += a.held
	}
	return held
}

// Consumers counts those that have a part.
func (b *Budget) Consumers() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.accounts)
}
