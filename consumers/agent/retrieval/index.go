package retrieval

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/blevesearch/bleve/v2"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/en" // the analyzer "en"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/mapping"
)

const (
	field    = "text"
	analyzer = "en"
	// maxBatch is how many documents wait for one write of the index.
	maxBatch = 128
)

// Index holds the passages of all documents. Search sees what was flushed. It is safe for concurrent use.
type Index struct {
	mapping *mapping.IndexMappingImpl
	bleve   bleve.Index
	fresh   *freshness

	mu       sync.RWMutex
	passages map[string]Passage // by passage id
	counts   map[string]int     // passages of a document
	batch    *bleve.Batch
	waiting  int
}

// NewIndex returns an empty index.
func NewIndex() (*Index, error) {
	m := bleve.NewIndexMapping()
	m.DefaultAnalyzer = analyzer
	m.ScoringModel = "bm25" // bleve's default is TF-IDF
	text := bleve.NewTextFieldMapping()
	text.Store, text.IncludeInAll, text.DocValues, text.IncludeTermVectors = false, false, false, false
	m.DefaultMapping.Dynamic = false
	m.DefaultMapping.AddFieldMappingsAt(field, text)
	b, err := bleve.NewUsing("", m, scorch.Name, scorch.Name, nil)
	if err != nil {
		return nil, fmt.Errorf("opening index: %w", err)
	}
	return &Index{
		mapping: m, bleve: b, passages: map[string]Passage{}, counts: map[string]int{}, batch: b.NewBatch(),
		fresh: newFreshness(),
	}, nil
}

// Put adds or replaces a document. It becomes visible with Flush, or earlier.
func (x *Index) Put(d Document) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(d.ID)
	list := d.passages()
	for i, p := range list {
		id := passageID(d.ID, i)
		x.passages[id] = p
		if err := x.batch.Index(id, map[string]string{field: p.Title + "\n" + p.Heading + "\n" + p.Text}); err != nil {
			return fmt.Errorf("indexing document %s: %w", d.ID, err)
		}
	}
	x.counts[d.ID] = len(list)
	return x.added()
}

// Delete removes a document. An unknown id is no error: a tombstone may come again.
func (x *Index) Delete(id string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(id)
	return x.added()
}

func (x *Index) remove(documentID string) {
	for i := range x.counts[documentID] {
		id := passageID(documentID, i)
		delete(x.passages, id)
		x.batch.Delete(id)
	}
	delete(x.counts, documentID)
}

func (x *Index) added() error {
	x.waiting++
	if x.waiting < maxBatch {
		return nil
	}
	return x.flush()
}

// Flush makes everything that was put or deleted visible.
func (x *Index) Flush() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.flush()
}

func (x *Index) flush() error {
	if x.waiting == 0 {
		return nil
	}
	if err := x.bleve.Batch(x.batch); err != nil {
		return fmt.Errorf("writing index: %w", err)
	}
	// A new one, not Reset: scorch's goroutines may still read the old one.
	x.batch, x.waiting = x.bleve.NewBatch(), 0
	return nil
}

// Len returns the number of documents.
func (x *Index) Len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.counts)
}

// Search returns the k best passages, best first.
func (x *Index) Search(ctx context.Context, query string, k int) ([]Passage, error) {
	q := bleve.NewMatchQuery(query)
	q.SetField(field)
	res, err := x.bleve.SearchInContext(ctx, bleve.NewSearchRequestOptions(q, k, 0, false))
	if err != nil {
		return nil, fmt.Errorf("searching %q: %w", query, err)
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	out := make([]Passage, 0, len(res.Hits))
	for _, hit := range res.Hits {
		if p, ok := x.passages[hit.ID]; ok {
			p.Score = hit.Score
			out = append(out, p)
		}
	}
	return out, nil
}

// Close releases the index.
func (x *Index) Close() error { return x.bleve.Close() }

func passageID(documentID string, n int) string { return documentID + "#" + strconv.Itoa(n) }
