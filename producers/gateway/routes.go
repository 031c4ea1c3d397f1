package gateway

import (
	_ "embed"
	"fmt"
	"net/http"
	"sort"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// openAPI is the hand-written description of the routes. A test holds it to them.
//
//go:embed openapi.json
var openAPI []byte

func (g *Gateway) routes() (http.Handler, error) {
	guard, err := crossOrigin(g.cfg.CORSOrigins)
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	r.Use(g.metrics.observe, secureHeaders, g.ownHost, g.cors, guard.Handler)
	r.NotFound(func(w http.ResponseWriter, _ *http.Request) {
		problem{Status: http.StatusNotFound, Detail: "no such route; GET / lists them"}.write(w)
	})
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		problem{Status: http.StatusMethodNotAllowed, Detail: r.Method + " is not allowed here; GET / lists the routes"}.write(w)
	})
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, statusView{"ok"}) })
	r.Get("/readyz", g.ready)
	r.Get("/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(openAPI)
	})
	if g.gather != nil {
		r.Method(http.MethodGet, "/metrics", promhttp.HandlerFor(g.gather, promhttp.HandlerOpts{}))
	}
	r.Route("/v1", func(r chi.Router) {
		r.Group(func(r chi.Router) {
			r.Use(g.admitted(func(w http.ResponseWriter, _ *http.Request, p problem) { p.write(w) }))
			r.Post("/queries", g.ask)
			r.Get("/queries/{id}", g.query)
			r.Post("/feedback", g.feedback)
			r.Post("/documents", g.document)
			r.Delete("/documents/{id}", g.removeDocument)
			r.Post("/reviews/{id}/decision", g.decide)
			r.Post("/events/{type}", g.event)
		})
		r.Group(func(r chi.Router) { // the paths that exporters of OpenTelemetry append to their endpoint
			r.Use(g.admitted(writeOTLPStatus))
			r.Post("/traces", g.traces)
			r.Post("/logs", g.logs)
		})
	})
	hello, err := greeting(r)
	r.Get("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(hello))
	})
	return r, err
}

// greeting lists the routes for whoever opens the gateway in a browser.
func greeting(routes chi.Routes) (string, error) {
	var lines []string
	err := chi.Walk(routes, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		lines = append(lines, fmt.Sprintf("  %-6s %s", method, route))
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("listing the routes: %w", err)
	}
	sort.Slice(lines, func(i, j int) bool { return lines[i][9:] < lines[j][9:] })
	return "This is the ragline gateway. Its routes, described in /openapi.json:\n\n" + strings.Join(lines, "\n") +
		"\n\nFor example:\n\n  curl -H 'Content-Type: application/json' -d '{\"text\": \"What leak does API 624 accept?\"}' http://HOST/v1/queries\n", nil
}

// ready reports whether a question would reach the log.
func (g *Gateway) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := withTimeout(r, readyTimeout)
	defer cancel()
	err := g.client.Ping(ctx)
	if err == nil {
		err = g.client.Listen(ctx)
	}
	if err != nil {
		problem{Status: http.StatusServiceUnavailable, Detail: err.Error()}.write(w)
		return
	}
	writeJSON(w, http.StatusOK, statusView{"ready"})
}
