// Package domain loads a knowledge pack, the data that turns the generic assistant into one for a subject,
// and checks text against the pack's fact table.
//
// Nothing here knows a subject: names of standards, units that count things and the words that tell one
// attribute from another are rows of the pack.
// A pack's documents are not read here; they enter the system as events, like any other document.
package domain
