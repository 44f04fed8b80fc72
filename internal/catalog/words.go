package catalog

// words are what Amazon Connect calls the kinds, by the names of their rows.
var words = map[string]string{}

func init() {
	for _, k := range []interface{ names() (rows, word string) }{
		Flows, &FlowVersions.kind, &FlowAliases.kind, Modules, &ModuleVersions.kind, &ModuleAliases.kind, Views, &ViewVersions.kind,
		HoursOfOperation, Queues, QuickConnects, FlowAssociations, &Functions.kind, &Bots.kind, instances,
	} {
		rows, word := k.names()
		words[rows] = word
	}
}

func (k *Kind[R]) names() (rows, word string) { return k.rows, k.word }

// wordOf is what Amazon Connect calls the kind of a row.
func wordOf(rows string) string {
	if word, ok := words[rows]; ok {
		return word
	}
	return rows
}
