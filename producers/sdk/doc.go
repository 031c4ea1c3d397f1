// Package sdk is the Go client of ragline: it asks questions, receives answers, and publishes everything else that
// an application knows.
//
//	client, err := sdk.Open(ctx, sdk.Config{Kafka: broker.Config{Brokers: []string{"127.0.0.1:9092"}}})
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//	answer, err := client.Ask(ctx, sdk.Question{Text: "What leak does API 624 accept?"})
//
// Personal data and secrets can be replaced before anything is sent: see Config.Mask.
//
// An application with an agent of its own publishes its spans and interactions with [Client.Publish] and gets them
// evaluated, stored and exported.
//
// A Client is safe for concurrent use. All questions of a client share one reader of the answers; it starts with the
// first question and ends with Close.
package sdk
