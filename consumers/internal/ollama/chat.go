package ollama

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Piece is a part of an answer as it is written, with the time at which it came.
type Piece struct {
	Text string
	At   time.Time
}

// Chat runs the model on a conversation and hands over its answer as it is written.
func (c *Client) Chat(ctx context.Context, r Request, piece func(Piece)) (Answer, error) {
	var out Answer
	done := false
	path, body := r.wire()
	body["stream"] = true
	err := c.lines(ctx, path, body, func(line []byte) error {
		var w answerWire
		if err := json.Unmarshal(line, &w); err != nil {
			return fmt.Errorf("reading an answer: %w", err)
		}
		text := w.Response + w.Message.Content
		out.Text += text
		if text != "" && piece != nil {
			piece(Piece{text, time.Now()})
		}
		if w.Done {
			done = true
			out.Done, out.PromptTokens, out.Tokens = w.DoneReason, w.PromptEvalCount, w.EvalCount
		}
		return nil
	})
	if err == nil && !done && out.Text == "" { // with a text it gave up on a model that repeats itself: a cut connection is an error above
		err = fmt.Errorf("asking %s: %w", r.Model, ErrUnfinished)
	}
	return out, err
}
