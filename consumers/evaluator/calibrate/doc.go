// Package calibrate fits the coefficients of the evaluators, measures them and ships them:
// ridge logistic regression by Newton steps, cross-validation with folds by group,
// AUROC, balanced accuracy, F1 and calibration error with bootstrap intervals over groups.
//
// The shipped coefficients are embedded JSON files, written by the test TestDevelopmentSets with -update.
// No row of the data that they were fitted on is part of this repository.
package calibrate
