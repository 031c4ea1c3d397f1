package gateway

import (
	"container/list"
	"crypto/sha256"
	"fmt"
	"math"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/ragline/ragline/producers/httpd"
)

// maxCallers bounds the callers whose rate is remembered.
const maxCallers = 10_000

// presentedKey is the key of a request: Authorization: Bearer, or X-API-Key.
func presentedKey(r *http.Request) string {
	return keyOf(r.Header.Get("Authorization"), r.Header.Get("X-API-Key"))
}

func keyOf(authorization, apiKey string) string {
	scheme, token, _ := strings.Cut(authorization, " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return apiKey
}

// admitted lets in who has a key, where keys are set, and is within the rate. refuse writes the answer to all others.
func (g *Gateway) admitted(refuse func(http.ResponseWriter, *http.Request, problem)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if p, ok := g.admit(presentedKey(r), r.RemoteAddr); !ok {
				refuse(w, r, p)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// admit says why a caller is kept out.
func (g *Gateway) admit(key, remote string) (why problem, ok bool) {
	if len(g.keys) > 0 && !g.keys.Knows(key) {
		return problem{Status: http.StatusUnauthorized, Detail: "send one of RAGLINE_GATEWAY_API_KEYS as Authorization: Bearer, or as X-API-Key"}, false
	}
	if g.cfg.Rate == 0 {
		return problem{}, true
	}
	if wait := g.limits.wait(g.caller(key, remote), time.Now()); wait > 0 {
		return problem{
			Status: http.StatusTooManyRequests, retryAfter: wait,
			Detail: fmt.Sprintf("more than %v requests per second, see RAGLINE_GATEWAY_RATE", g.cfg.Rate),
		}, false
	}
	return problem{}, true
}

// caller is whose rate a request counts towards. A key counts only where keys are checked: anyone can make one up.
func (g *Gateway) caller(key, remote string) string {
	if len(g.keys) > 0 {
		sum := sha256.Sum256([]byte(key))
		return string(sum[:])
	}
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}

// limiter holds a token bucket for each of the most recent callers.
type limiter struct {
	rate    rate.Limit
	mu      sync.Mutex
	callers map[string]*list.Element // of *bucket
	order   *list.List               // least recent first
}

type bucket struct {
	caller string
	*rate.Limiter
}

func newLimiter(perSecond float64) *limiter {
	return &limiter{rate: rate.Limit(perSecond), callers: map[string]*list.Element{}, order: list.New()}
}

// wait takes a token, or returns how long until there is one.
func (l *limiter) wait(caller string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.callers[caller]
	if !ok {
		if l.order.Len() >= maxCallers {
			delete(l.callers, l.order.Remove(l.order.Front()).(*bucket).caller)
		}
		burst := int(math.Ceil(float64(l.rate)))
		at = l.order.PushBack(&bucket{caller, rate.NewLimiter(l.rate, burst)})
		l.callers[caller] = at
	}
	l.order.MoveToBack(at)
	reserved := at.Value.(*bucket).ReserveN(now, 1)
	delay := reserved.DelayFrom(now)
	if delay > 0 {
		reserved.CancelAt(now)
	}
	return delay
}

// crossOrigin keeps pages of other origins from publishing through a visitor's browser.
func crossOrigin(trusted []string) (*http.CrossOriginProtection, error) {
	guard := http.NewCrossOriginProtection()
	for _, origin := range trusted {
		if err := guard.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("RAGLINE_GATEWAY_CORS_ORIGINS: %w", err)
		}
	}
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem{Status: http.StatusForbidden, Detail: "the page's origin is not among RAGLINE_GATEWAY_CORS_ORIGINS"}.write(w)
	}))
	return guard, nil
}

// ownHost keeps a page out whose name was rebound to the loopback address: to the browser it is of the same origin.
// Behind a key it is kept out by the key; from outside this machine the gateway has whatever name it was given.
func (g *Gateway) ownHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		if p, ok := g.knownHost(local, r.Host); !ok {
			p.write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (g *Gateway) knownHost(local net.Addr, host string) (why problem, ok bool) {
	if len(g.keys) > 0 || local == nil || !httpd.IsLoopback(local.String()) || httpd.IsLoopback(host) {
		return problem{}, true
	}
	return problem{Status: http.StatusForbidden, Detail: fmt.Sprintf(
		"Host %q is not this machine's loopback: call localhost or 127.0.0.1, or set RAGLINE_GATEWAY_API_KEYS", host)}, false
}

// cors answers preflights of trusted origins and lets their pages read the responses.
func (g *Gateway) cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" || !slices.Contains(g.cfg.CORSOrigins, origin) {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origin)
		h.Add("Vary", "Origin")
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-API-Key")
			h.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}
