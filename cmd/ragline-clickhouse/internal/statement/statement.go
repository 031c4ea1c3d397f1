package statement

import "slices"

// Statement is what Parse found.
type Statement struct {
	// Select is true for a plain SELECT or WITH ... SELECT.
	Select bool

	// Format is the name after FORMAT, "Values" for INSERT ... VALUES, or empty.
	Format string

	// Totals is true when the word TOTALS occurs: such a result has a part after its rows.
	Totals bool

	// IntoOutfile is true for SELECT ... INTO OUTFILE, which would write a file of the engine's machine.
	IntoOutfile bool

	// Insert is set for an INSERT that takes data.
	Insert *Insert
}

// Insert is an INSERT ... FORMAT or VALUES, cut where its data begins.
type Insert struct {
	// Head is the statement without FORMAT clause or VALUES: what an insert stream takes.
	Head string
	// Data is the offset of the first byte of data in the text.
	Data int
}

// Parse reads one statement.
func Parse(sql string) Statement {
	l := &lexer{sql: sql}
	first := l.next()
	if first.is("INSERT") {
		return parseInsert(l)
	}
	return parseOther(l, first)
}

// parseOther looks for the trailing FORMAT clause and for what hinders streaming.
func parseOther(l *lexer, first token) Statement {
	s := Statement{Select: first.isAny("SELECT", "WITH")}
	var before, last token // the two tokens before t
	for t := l.next(); ; t = l.next() {
		endsClause := t.kind == kindEnd || t.text == ";" || t.is("SETTINGS")
		if endsClause && last.kind == kindWord && before.is("FORMAT") && before.depth == 0 {
			s.Format = last.text
		}
		if t.kind == kindEnd {
			return s
		}
		switch {
		case t.is("TOTALS"):
			s.Totals = true
		case t.depth == 0 && t.is("OUTFILE") && last.is("INTO"):
			s.IntoOutfile = true
		case t.depth == 0 && t.is("INSERT") && first.is("WITH"):
			s.Select = false // WITH ... INSERT INTO ... SELECT
		}
		before, last = last, t
	}
}

// parseInsert stops at the word that says where the rows come from.
func parseInsert(l *lexer) Statement {
	t := skipTarget(l)
	for ; t.kind != kindEnd; t = l.next() {
		switch {
		case t.depth == 1 && t.isAny("SELECT", "WITH"): // INSERT INTO t (SELECT ...)
			return Statement{}
		case t.depth != 0:
		case t.isAny("SELECT", "WITH", "WATCH", "FROM"): // FROM INFILE reads a file, not the request
			return Statement{}
		case t.is("VALUES"):
			return Statement{Format: "Values", Insert: &Insert{Head: l.sql[:t.start], Data: t.end}}
		case t.is("FORMAT"):
			return formatClause(l, t)
		}
	}
	return Statement{}
}

// skipTarget skips INTO, TABLE, FUNCTION and the name, so that a table called values or format does no harm.
func skipTarget(l *lexer) token {
	t := l.next()
	for t.isAny("INTO", "TABLE", "FUNCTION") {
		t = l.next()
	}
	if t.text == "{" { // {name:Identifier}
		for t = l.next(); t.kind != kindEnd && l.depth > 0; t = l.next() {
		}
	}
	t = l.next()
	for t.text == "." {
		l.next()
		t = l.next()
	}
	return t
}

func formatClause(l *lexer, format token) Statement {
	name := l.next()
	if name.is("VALUES") {
		return Statement{Format: "Values", Insert: &Insert{Head: l.sql[:format.start], Data: name.end}}
	}
	if name.kind != kindWord {
		return Statement{}
	}
	return Statement{
		Format: name.text,
		Insert: &Insert{Head: l.sql[:format.start], Data: dataStart(l.sql, name.end)},
	}
}

// dataStart skips blanks, one semicolon and one line end, as the server does; the next byte is data.
func dataStart(sql string, pos int) int {
	skipBlanks := func() {
		for pos < len(sql) && (sql[pos] == ' ' || sql[pos] == '\t' || sql[pos] == '\f') {
			pos++
		}
	}
	skip := func(c byte) {
		if pos < len(sql) && sql[pos] == c {
			pos++
		}
	}
	skipBlanks()
	skip(';')
	skipBlanks()
	skip('\r')
	skip('\n')
	return pos
}

// Streams tells whether the result may be sent in chunks.
// Each chunk of the engine is a whole document; only those of these formats can be put one after the other.
func (s Statement) Streams(format string) bool {
	return s.Select && !s.Totals && slices.Contains(streamFormats(), format)
}

func streamFormats() []string {
	return []string{
		"Native", "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "TSKV", "CSV",
		"JSONEachRow", "JSONLines", "NDJSON", "JSONCompactEachRow", "RowBinary",
	}
}
