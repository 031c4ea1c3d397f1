package llm

import "unicode/utf8"

// EstimateTokens is the usual estimate of four characters a token, rounded up.
// It is for models that count none themselves; real counts differ by language and tokenizer, by a fifth for English prose.
func EstimateTokens(text string) int64 { return int64(utf8.RuneCountInString(text)+3) / 4 }
