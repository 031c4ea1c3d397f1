// Package price turns token counts into money, by a versioned table that is part of the program.
//
// Amounts are picodollars (10^-12 USD), so that sums stay exact: one US dollar per million tokens is a million picodollars a token.
// An unknown model has no cost, which is not the same as a cost of zero.
package price
