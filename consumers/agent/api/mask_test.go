package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ragline/ragline/consumers/agent/api"
	"github.com/ragline/ragline/producers/mask"
)

func TestPersonalDataIsMaskedBeforeAnythingIsStored(t *testing.T) {
	t.Parallel()
	masker, err := mask.New(mask.Config{Queries: mask.Mask})
	require.NoError(t, err)
	url := setup(t, func(_ *api.Config, d *api.Deps) { d.Masker = masker })
	thread := call(t, "POST", url+"/threads", `{"metadata":{"graph_id":"agent"},"supersteps":[{"updates":[{"values":{"messages":[{"role":"user","content":"I am ann@example.com"}]},"as_node":"__input__"}]}]}`)
	require.Equal(t, http.StatusOK, thread.Status, thread.Body)
	id := thread.object(t)["thread_id"].(string)
	for _, line := range [][2]string{
		{"/runs/wait", `{"assistant_id":"agent","input":{"messages":[{"role":"user","content":"Write to\nbob@example.com, IBAN DE89 3704 0044 0532 0130 00"}]}}`},
		{"/state", `{"values":{"messages":[{"role":"user","content":"or to cid@example.com"}]}}`},
		{"/state", `{"values":{"messages":[{"role":"user","content":"or to eve\u0040example.com"}]}}`},
		{"/runs/wait", `{"assistant_id":"agent","command":{"update":{"messages":[{"role":"user","content":"or to dan@example.com"}]},"goto":"thought"}}`},
	} {
		got := call(t, "POST", url+"/threads/"+id+line[0], line[1])
		require.Equal(t, http.StatusOK, got.Status, got.Body)
	}
	runs := call(t, "GET", url+"/threads/"+id+"/runs", "")
	history := call(t, "GET", url+"/threads/"+id+"/history?limit=100", "")
	for _, kept := range []string{runs.Body, history.Body} {
		require.NotContains(t, kept, "example.com")
		require.NotContains(t, kept, "0532")
	}
	require.Contains(t, history.Body, `Write to\n[EMAIL], IBAN [IBAN]`)
}
