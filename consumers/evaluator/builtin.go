package evaluator

import "github.com/ragline/ragline/consumers/domain"

// builtin lists the evaluators. Append only: the position is part of the derived event ids, so another order
// would make a replay emit new events instead of repeats.
func builtin(cfg Config, pack *domain.Pack) ([]Evaluator, error) {
	abstention, err := newAbstention(notFoundPhrase(pack))
	if err != nil {
		return nil, err
	}
	hallucination, err := newHallucination(cfg, abstention)
	if err != nil {
		return nil, err
	}
	relevance, err := newRelevance(abstention)
	if err != nil {
		return nil, err
	}
	return []Evaluator{
		hallucination,
		newGrounding(abstention),
		relevance,
		newDomainAccuracy(pack),
	}, nil
}
