// Package knowledge turns a folder of documents into the knowledge base: every Markdown, text, HTML and PDF file
// becomes the latest record of its id on the documents topic, and files that are gone may be removed from it.
//
// Ingest compares with what the topic holds, so that running it again publishes nothing. A crash in the middle
// leaves a part of the folder published; the next run publishes the rest.
package knowledge
