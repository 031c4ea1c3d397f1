package otlp

import (
	"encoding/json"
	"math"
	"strings"

	"github.com/ragline/ragline/schemas/event"
)

// usageOf counts tokens with inclusive totals. It returns nil where the span says nothing of them.
func usageOf(a attributes) *event.Usage {
	u := &event.Usage{}
	given := false
	for _, c := range []struct {
		into  *int64
		names []string
	}{
		{&u.InputTokens, []string{"gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens"}},
		{&u.OutputTokens, []string{"gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion", "llm.usage.completion_tokens"}},
		{&u.CacheReadInputTokens, []string{"gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens", "llm.token_count.prompt_details.cache_read"}},
		{&u.CacheCreationInputTokens, []string{"gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens", "llm.token_count.prompt_details.cache_write"}},
		{&u.ReasoningOutputTokens, []string{"gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens", "llm.token_count.completion_details.reasoning", "llm.usage.reasoning_tokens"}},
	} {
		n, ok := a.takeCount(c.names...)
		*c.into = n
		given = given || ok
	}
	if !given {
		return nil
	}
	// Parts that are more than their total were counted beside it, as some providers do.
	if parts := u.CacheReadInputTokens + u.CacheCreationInputTokens; parts > u.InputTokens {
		u.InputTokens += parts
	}
	if u.ReasoningOutputTokens > u.OutputTokens {
		u.OutputTokens += u.ReasoningOutputTokens
	}
	return u
}

// maxUSD keeps a cost within the column that stores it.
const maxUSD = 999_999

// costOf is what the application says that the call cost. It returns nil where it says nothing.
func costOf(a attributes) *event.Cost {
	if pico, ok := a.takeCount("ragline.cost.pico_usd"); ok {
		delete(a, "ragline.cost.usd")
		return &event.Cost{PicoUsd: pico, PriceTable: a.takeText("ragline.cost.price_table")}
	}
	for _, name := range []string{"gen_ai.usage.cost", "llm.cost.total"} {
		if usd, ok := number(a[name]); ok && usd >= 0 && usd <= maxUSD {
			delete(a, name)
			return &event.Cost{PicoUsd: int64(math.Round(usd * 1e12)), PriceTable: name}
		}
	}
	var details map[string]float64
	const langfuse = "langfuse.observation.cost_details"
	if json.Unmarshal([]byte(a.text(langfuse)), &details) == nil && details["total"] > 0 && details["total"] <= maxUSD {
		return &event.Cost{PicoUsd: int64(math.Round(details["total"] * 1e12)), PriceTable: langfuse}
	}
	return nil
}

// providerOf is in lower case, as the conventions write it. What they do not spell that way stays in the attributes.
func providerOf(a attributes) string {
	names := []string{"gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system"}
	given := a.text(names...)
	if lower := strings.ToLower(given); lower != given {
		return lower
	}
	return a.takeText(names...)
}

func modelOf(a attributes) string {
	return a.takeText("gen_ai.response.model", "llm.response.model_name", "llm.model_name", "gen_ai.request.model", "llm.request.model_name",
		"embedding.model_name", "reranker.model_name", "langfuse.observation.model.name")
}
