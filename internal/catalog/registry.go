package catalog

import (
	"context"

	"github.com/parley-chat/parley/internal/center"
)

// registered are the kinds of resources, as what must be known of all of them: what Amazon Connect calls them, and whom an
// ARN names. A kind of things that do not belong to an instance has its rows in the account, which has the empty id.
var registered = []known{
	Flows, &FlowVersions.kind, &FlowAliases.kind, Modules, &ModuleVersions.kind, &ModuleAliases.kind, Views, &ViewVersions.kind,
	HoursOfOperation, Queues, QuickConnects, RoutingProfiles, PredefinedAttributes, FlowAssociations, &Functions.kind, &Bots.kind, instances,
	AuthenticationProfiles, Storages, attachedFiles,
	PhoneNumbers, numbersOfAccount{},
	Prompts, Vocabularies, DefaultVocabularies, TaskTemplates,
	SecurityProfiles, AgentStatuses, HierarchyLevels, HierarchyGroups, Users,
	&LexBots.kind, &ApprovedOrigins.kind, SecurityKeys, IntegrationAssociations, UseCases,
}

// known is a kind, whatever its records are.
type known interface {
	names() (rows, word, tail string)
	// tagsOf are the tags of a record; ok is false when the kind has none.
	tagsOf(ctx context.Context, c *Catalog, at center.InstanceID, id string) (tags map[string]string, ok bool, err error)
	// tag sets tags of a record and takes others away.
	tag(ctx context.Context, c *Catalog, at center.InstanceID, id string, set map[string]string, remove []string) error
}

// The kinds by the names of their rows, and by what stands before the id in an ARN.
var byRows, byTail = map[string]known{}, map[string]known{}

// parents are the kinds that rows belong to whose own ids say nothing to callers.
var parents = map[string]string{ProfileQueues.rows: RoutingProfiles.rows, ProfileManualQueues.rows: RoutingProfiles.rows}

func init() {
	for _, k := range registered {
		rows, _, tail := k.names()
		byRows[rows] = k
		if tail != "" {
			byTail[tail] = k
		}
	}
}

func (k *Kind[R]) names() (rows, word, tail string) { return k.rows, k.word, k.tail }

// wordOf is what Amazon Connect calls the kind of a row.
func wordOf(rows string) string {
	k, ok := byRows[rows]
	if !ok {
		return rows
	}
	_, word, _ := k.names()
	return word
}
