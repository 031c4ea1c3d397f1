// Package modelfile writes the Modelfile of a packaged model: the template in Ollama's language that renders a
// conversation exactly as training did, the words that end an answer, and a context as long as training's.
//
// Ollama guesses a template where none is given, and its guess is wrong for many models, so nothing is left out.
package modelfile
