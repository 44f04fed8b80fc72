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
	// ParseID takes the id out of what a request says.
	ParseID(s string) string
	// named is what policies know of the record with an id, whether there is one or not.
	named(ctx context.Context, c *Catalog, at center.InstanceID, id string) (Named, error)
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

// Named is something that a request names, as policies know it.
type Named struct {
	// ARNs are its names, first the one that its describing operation shows.
	ARNs []string
	// Instance is the one that it belongs to; "": none.
	Instance center.InstanceID
}

// Named is what a request names that says text of a resource whose ARN has the given type before the id. It is the resource
// that the operations find by that text, so they both ask the kind.
func (c *Catalog) Named(ctx context.Context, at center.InstanceID, tail, text string) (Named, error) {
	kind := byTail[tail]
	return kind.named(ctx, c, at, kind.ParseID(text))
}

// NamedByARN is what an ARN names, as Tags and Tag find it.
func (c *Catalog) NamedByARN(ctx context.Context, arn string) (Named, error) {
	kind, at, id, err := c.parseARN(arn)
	if err != nil {
		return Named{}, err
	}
	return kind.named(ctx, c, at, id)
}

func (k *Kind[R]) named(ctx context.Context, c *Catalog, at center.InstanceID, id string) (Named, error) {
	if at == "" {
		n := Named{ARNs: []string{c.Partition.AccountARN(k.tail, id)}}
		if k.rows == instances.rows {
			n.Instance = center.InstanceID(id)
		}
		return n, nil
	}
	n := Named{ARNs: []string{c.Partition.InstanceARN(at) + "/" + k.tail + "/" + id}, Instance: at}
	_, inInstance := center.UUID(string(at))
	_, isID := center.UUID(id)
	if k.path == nil || !inInstance || !isID {
		return n, nil
	}
	// A record has an ARN of its own, but callers may name it by the common one too.
	r, err := k.find(ctx, c, at, id)
	switch {
	case err == nil:
		if arn := k.ARN(c.Partition, at, r); arn != n.ARNs[0] {
			n.ARNs = []string{arn, n.ARNs[0]}
		}
	case !center.Is(err, center.NotFound):
		return n, err
	}
	return n, nil
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
