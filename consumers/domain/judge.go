package domain

import "math"

// Verdict is the outcome of one claim.
type Verdict string

// The verdicts. Unknown: no row of the fact table decides the claim.
const (
	VerdictConfirmed    Verdict = "confirmed"
	VerdictContradicted Verdict = "contradicted"
	VerdictUnknown      Verdict = "unknown"
)

// measured is a quantity in the unit of a row.
type measured struct {
	lo, hi    float64
	ranged    bool
	op        comparison
	at        bool
	tolerance float64
}

func (v Verdict) negate(yes bool) Verdict {
	switch {
	case yes && v == VerdictConfirmed:
		return VerdictContradicted
	case yes && v == VerdictContradicted:
		return VerdictConfirmed
	}
	return v
}

// fits tells whether a quantity can be compared with a row.
// A number in powers of ten without a unit, or with a leak rate that leaves the length out, is read in the row's unit.
func (r *Fact) fits(q quantity) bool {
	if r.unit == nil {
		return false
	}
	if q.unit == nil || q.unit.dim == dimLeak {
		return r.unit.dim == dimLeakLength || r.unit.dim == dimMassLength && q.unit == nil
	}
	return q.unit.dim == r.unit.dim
}

func (r *Fact) measure(q quantity) measured {
	m := measured{lo: q.lo, hi: q.hi, ranged: q.ranged, op: q.op, at: q.at, tolerance: math.Max(r.Tolerance, q.precision)}
	if q.unit != nil && q.unit.dim == r.unit.dim {
		m.lo, m.hi = r.unit.from(q.lo, q.unit), r.unit.from(q.hi, q.unit)
		if q.unit.factor != r.unit.factor {
			m.tolerance = math.Max(r.Tolerance, q.precision*q.unit.factor/r.unit.factor)
			m.tolerance = math.Max(m.tolerance, conversionSlack(m, r.unit))
		}
	}
	if q.approx {
		m.tolerance = math.Max(m.tolerance, 0.05*math.Max(math.Abs(m.lo), math.Abs(m.hi)))
	}
	return m
}

// conversionSlack allows what rounding in a second unit costs: 538 C is 1000.4 F, 100 psig is 6.895 barg.
func conversionSlack(m measured, u *Unit) float64 {
	if u.dim == dimTemperature {
		return math.Max(1, 1/u.factor)
	}
	return 0.01 * math.Max(math.Abs(m.lo), math.Abs(m.hi))
}

func (m measured) equals(v, want float64) bool {
	return math.Abs(v-want) <= m.tolerance+1e-9*math.Abs(want)
}

func verdict(ok bool) Verdict {
	if ok {
		return VerdictConfirmed
	}
	return VerdictContradicted
}

// judge compares a quantity with a row.
// A negated comparison turns round ("does not cover above 24" says "at most 24"); a negated value must differ.
func (r *Fact) judge(q quantity, negated bool) Verdict {
	m := r.measure(q)
	if turned, ok := flipped[m.op]; ok && negated {
		m.op, negated = turned, false
	}
	v := r.judgeMeasured(m).negate(negated)
	if r.Weak && v == VerdictContradicted {
		return VerdictUnknown
	}
	return v
}

func (r *Fact) judgeMeasured(m measured) Verdict {
	switch r.Op {
	case "range":
		return judgeRange(m, r.Values[0], r.Values[1])
	case "<=", "<":
		return judgeLimit(m, r.Values[0], 1)
	case ">=", ">":
		return judgeLimit(m, r.Values[0], -1)
	}
	if m.ranged {
		return judgeInside(m, r.Values)
	}
	for _, want := range r.Values {
		if v := judgeEqual(m, want); v != VerdictContradicted {
			return v
		}
	}
	return VerdictContradicted
}

func judgeInside(m measured, values []float64) Verdict {
	all := true
	for _, want := range values {
		all = all && m.lo-m.tolerance <= want && want <= m.hi+m.tolerance
	}
	if all && len(values) > 1 && m.equals(m.lo, values[0]) {
		return VerdictConfirmed
	}
	if all {
		return VerdictUnknown
	}
	return VerdictContradicted
}

// judgeEqual lets "more than 1,500" stand undecided when 1,510 is right, but not "500+".
func judgeEqual(m measured, want float64) Verdict {
	if m.equals(m.lo, want) {
		return verdict(m.op != cmpLT && m.op != cmpGT)
	}
	above := (m.op == cmpGE || m.op == cmpGT) && want > m.lo
	below := (m.op == cmpLE || m.op == cmpLT) && want < m.lo
	if (above || below) && math.Abs(m.lo-want) <= 0.1*math.Abs(want) {
		return VerdictUnknown
	}
	return VerdictContradicted
}

// judgeLimit handles an upper limit (sign 1) and a lower one (sign -1).
func judgeLimit(m measured, limit, sign float64) Verdict {
	if m.ranged {
		return judgeRangeInLimit(m, limit, sign)
	}
	same := m.equals(m.lo, limit)
	switch {
	case m.op == cmpNone && m.at && !same && sign*m.lo < sign*limit:
		return VerdictUnknown
	case m.op == cmpNone || m.op == cmpEQ:
		return verdict(same)
	case m.op == cmpLE || m.op == cmpLT:
		return verdict(same && sign > 0)
	}
	return verdict(same && sign < 0)
}

func judgeRangeInLimit(m measured, limit, sign float64) Verdict {
	outer, inner := m.hi, m.lo
	if sign < 0 {
		outer, inner = m.lo, m.hi
	}
	switch {
	case m.equals(outer, limit):
		return VerdictConfirmed
	case sign*outer > sign*limit && !m.equals(inner, limit):
		return VerdictContradicted
	}
	return VerdictUnknown
}

func judgeRange(m measured, lo, hi float64) Verdict {
	if m.ranged {
		return verdict(m.equals(m.lo, lo) && m.equals(m.hi, hi))
	}
	switch m.op {
	case cmpLE, cmpLT:
		return verdict(m.equals(m.lo, hi))
	case cmpGE, cmpGT:
		return verdict(m.equals(m.lo, lo))
	}
	switch {
	case m.equals(m.lo, lo) || m.equals(m.lo, hi):
		return VerdictConfirmed
	case lo < m.lo && m.lo < hi:
		return VerdictUnknown
	}
	return VerdictContradicted
}
