// Package promoted is the model that was trained here and promoted last.
//
// It follows the models topic: a promotion or a rollback is the model of the next run, without a restart. Until there is
// one, another model answers.
//
// A promoted model was taught the grounded prompt, one question with its passages, and nothing of tools. So the search is
// called for it, with the question as it was asked, and the prompt is rendered from what the search returns, as the dataset
// renders it. Earlier questions of the conversation are not shown: no row of the training had any.
package promoted
