package openai

// Parse is parse.
var Parse = parse
