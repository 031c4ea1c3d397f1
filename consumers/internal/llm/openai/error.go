package openai

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// message finds a server's own words. Ollama's error is a text where OpenAI's is an object.
func message(body []byte, status string) string {
	var object struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
		Message string `json:"message"`
	}
	var text struct {
		Error string `json:"error"`
	}
	switch {
	case json.Unmarshal(body, &object) == nil && object.Error.Message != "":
		return object.Error.Message
	case json.Unmarshal(body, &text) == nil && text.Error != "":
		return text.Error
	case object.Message != "":
		return object.Message
	}
	return status
}

// retryAfter reads seconds, a date, or OpenAI's milliseconds.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms > 0 {
		return time.Duration(ms * float64(time.Millisecond))
	}
	v := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(v, 64); err == nil && s > 0 {
		return time.Duration(s * float64(time.Second))
	}
	if at, err := http.ParseTime(v); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
