package front

import (
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/chdb"
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/statement"
	"github.com/ragline/ragline/cmd/ragline-clickhouse/internal/wire"
)

// analystSettings bind the analyst after the request's own settings, so that no URL lifts them.
// readonly=1 also blocks file(), url(), remote(), INSERT and SET.
func analystSettings() []chdb.Setting {
	return []chdb.Setting{
		{Name: "readonly", Value: "1"},
		{Name: "max_execution_time", Value: "60"},
		{Name: "max_result_rows", Value: "1000000"},
		{Name: "result_overflow_mode", Value: "throw"},
	}
}

// mayChoose lists the settings that the analyst's URL may carry: what clients send by themselves and what shapes a result.
// Others can read or write files, such as format_template_resultset and output_format_schema.
func mayChoose(name string) bool {
	switch name {
	case "network_compression_method", "network_zstd_compression_level",
		"max_block_size", "max_threads", "max_execution_time", "max_result_rows", "max_rows_to_read", "max_bytes_to_read",
		"limit", "offset", "extremes", "final", "join_use_nulls", "session_timezone", "date_time_output_format",
		"output_format_json_quote_64bit_integers", "output_format_json_quote_denormals",
		"output_format_native_write_json_as_string", "output_format_decimal_trailing_zeros",
		"readonly": // pinned afterwards; clients that send it mean well
		return true
	}
	return false
}

// checkAnalyst refuses what readonly=1 leaves open in libchdb.
func checkAnalyst(req *request, in *incoming) error {
	for _, set := range req.settings {
		if !mayChoose(set.Name) {
			return refuse(wire.CodeReadonly, "READONLY", "%s: Cannot modify '%s' setting in readonly mode", userAnalyst, set.Name)
		}
	}
	if what := statement.Offence(in.text, req.params); what != "" {
		return refuse(wire.CodeReadonly, "READONLY", "%s: Cannot use %s in readonly mode", userAnalyst, what)
	}
	return nil
}
