package domain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/domain"
)

func TestGroundedPromptPutsPassagesBeforeTheQuestion(t *testing.T) {
	t.Parallel()
	passages := []domain.Passage{{"a", " Scope ", "First.\n"}, {"b", "Limits", "Second."}}
	require.Equal(t, "Context:\n[a] Scope\nFirst.\n\n[b] Limits\nSecond.\n\nQuestion: Why?", domain.GroundedPrompt(" Why? ", passages))
	require.Equal(t, "Question: Why?", domain.GroundedPrompt("Why?", nil))
}
