package catalog

import (
	"context"
	"errors"

	"github.com/parley-chat/parley/internal/center"
	"github.com/parley-chat/parley/internal/store"
)

// PhoneNumbers are the phone numbers that are claimed to an instance. A row of the account beside each keeps a number and an
// id unique over all instances, and tells which instance has them: requests name a phone number alone.
var PhoneNumbers = &Kind[center.PhoneNumber]{
	rows: "phone-number", word: "PHONE_NUMBER", tail: "phone-number",
	parse: func(s string) string { return string(center.ParsePhoneNumber(s)) },
	key:   (*center.PhoneNumber).Key,
	stamp: (*center.PhoneNumber).Stamp,
	tags:  (*center.PhoneNumber).TagSet,
	quota: 5, plural: "phone numbers",
	with: []string{"flow-association"},
}

// claimedNumber is the row of the account.
type claimedNumber struct {
	ID       center.PhoneNumberID `json:"id"`
	Number   string               `json:"number"`
	Instance center.InstanceID    `json:"instance"`
}

var claimedNumbers = &Kind[claimedNumber]{
	rows: "claimed-phone-number", word: "PHONE_NUMBER",
	key: func(n *claimedNumber) (string, string) { return string(n.ID), n.Number },
}

// ClaimedNumber is a phone number with the instance that it is claimed to.
type ClaimedNumber struct {
	center.PhoneNumber
	Instance center.InstanceID
}

// AvailableNumbers are up to limit numbers of a country and type that an instance can claim, with a prefix and behind one.
func (c *Catalog) AvailableNumbers(ctx context.Context, at center.InstanceID, country, kind, prefix, after string, limit int) ([]string, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return nil, err
	}
	all, err := claimedNumbers.all(ctx, c, "")
	if err != nil {
		return nil, err
	}
	claimed := make(map[string]bool, len(all))
	for i := range all {
		claimed[all[i].Number] = true
	}
	return center.AvailableNumbers(country, kind, prefix, after, func(n string) bool { return claimed[n] }, limit), nil
}

// ClaimNumber claims a number, n.Name, to an instance, and returns its id.
func (c *Catalog) ClaimNumber(ctx context.Context, at center.InstanceID, n *center.PhoneNumber, once ClientToken) (center.PhoneNumberID, error) {
	if _, err := c.Instance(ctx, at); err != nil {
		return "", err
	}
	if id, known, err := c.made(ctx, at, PhoneNumbers.rows, once); known || err != nil {
		return center.PhoneNumberID(id), err
	}
	var ok bool
	if n.Country, n.Type, ok = center.PoolOf(n.Name); !ok {
		return "", center.Refuse(center.InvalidParameter, "PhoneNumber must be one that SearchAvailablePhoneNumbers offers, got another of %d characters", len(n.Name))
	}
	if err := PhoneNumbers.checkQuota(ctx, c, at); err != nil {
		return "", err
	}
	now := c.Now()
	PhoneNumbers.stamp(n, c.NewID, now.UTC())
	row, err := PhoneNumbers.fresh(at, n, now)
	if err != nil {
		return "", err
	}
	account, err := claimedNumbers.fresh("", &claimedNumber{n.ID, n.Name, at}, now)
	if err != nil {
		return "", err
	}
	commit := store.ResourceCommit{Insert: []store.Resource{account, row}, Exist: ofInstance(at)}
	if commit.Insert, err = once.remember(commit.Insert, at, PhoneNumbers.rows, row.ID, now); err != nil {
		return "", err
	}
	err = PhoneNumbers.commit(ctx, c, commit)
	if err == nil {
		return n.ID, nil
	}
	// The same request may have been answered meanwhile.
	if id, known, again := c.made(ctx, at, PhoneNumbers.rows, once); known || again != nil {
		return center.PhoneNumberID(id), again
	}
	if center.Is(err, center.Duplicate) {
		err = center.Refuse(center.InvalidParameter, "PhoneNumber has been claimed already")
	}
	return "", err
}

// PhoneNumber finds a phone number, wherever it is claimed to.
func (c *Catalog) PhoneNumber(ctx context.Context, id center.PhoneNumberID) (found *ClaimedNumber, err error) {
	err = c.withNumber(ctx, id, func(at center.InstanceID, _ store.Resource) error {
		n, err := PhoneNumbers.find(ctx, c, at, string(id))
		if err == nil {
			found = &ClaimedNumber{*n, at}
		}
		return err
	})
	return found, err
}

// UpdateNumber changes what is known of a phone number.
func (c *Catalog) UpdateNumber(ctx context.Context, id center.PhoneNumberID, edit func(*center.PhoneNumber) error) error {
	return c.withNumber(ctx, id, func(at center.InstanceID, account store.Resource) error {
		n, old, err := PhoneNumbers.read(ctx, c, at, string(id))
		if err != nil {
			return err
		}
		if err := edit(n); err != nil {
			return err
		}
		now := c.Now()
		PhoneNumbers.stamp(n, c.NewID, now.UTC())
		row, err := PhoneNumbers.put(at, n)
		if err != nil {
			return err
		}
		row.Version, row.Modified = old.Version, now
		// The row of the account is replaced by itself: a number that was moved away and back meanwhile has a new row here, whose
		// version may be the same.
		return PhoneNumbers.commit(ctx, c, store.ResourceCommit{Replace: []store.Resource{account, row}})
	})
}

// MoveNumber claims a phone number to another instance. The flow that it leads to stays behind (API Reference,
// UpdatePhoneNumber); a number that a queue shows is in use.
func (c *Catalog) MoveNumber(ctx context.Context, id center.PhoneNumberID, to center.InstanceID) error {
	if _, err := c.Instance(ctx, to); err != nil {
		return err
	}
	return c.withNumber(ctx, id, func(at center.InstanceID, account store.Resource) error {
		if at == to {
			return nil
		}
		n, old, err := PhoneNumbers.read(ctx, c, at, string(id))
		if err != nil {
			return err
		}
		now := c.Now()
		PhoneNumbers.stamp(n, c.NewID, now.UTC())
		row, err := PhoneNumbers.fresh(to, n, now)
		if err != nil {
			return err
		}
		row.Created = old.Created
		moved, err := claimedNumbers.fresh("", &claimedNumber{id, n.Name, to}, now)
		if err != nil {
			return err
		}
		moved.Version = account.Version
		// The old row is replaced by itself before it goes, so that a change which came between is not lost.
		return PhoneNumbers.commit(ctx, c, store.ResourceCommit{
			Replace: []store.Resource{moved, old}, Delete: []store.Deletion{PhoneNumbers.deletion(at, string(id))},
			Insert: []store.Resource{row}, Exist: ofInstance(to),
		})
	})
}

// ReleaseNumber gives a phone number back. A number that a queue shows is in use. It can be claimed again at once, where
// Amazon Connect keeps it back for up to 180 days.
func (c *Catalog) ReleaseNumber(ctx context.Context, id center.PhoneNumberID) error {
	return c.withNumber(ctx, id, func(at center.InstanceID, _ store.Resource) error {
		return PhoneNumbers.commit(ctx, c, store.ResourceCommit{Delete: []store.Deletion{claimedNumbers.deletion("", string(id)), PhoneNumbers.deletion(at, string(id))}})
	})
}

// withNumber does something with a phone number in the instance that it is claimed to, and again when the number has been
// moved or changed meanwhile: do fails with NotFound, [store.ErrNotFound] or [store.ErrStale] then. Each move raises the version
// of the row of the account; what is not found in the instance though that row is the same is gone with the instance.
func (c *Catalog) withNumber(ctx context.Context, id center.PhoneNumberID, do func(at center.InstanceID, account store.Resource) error) error {
	if _, ok := center.UUID(string(id)); !ok {
		return PhoneNumbers.notFound(string(id))
	}
	for seen := int64(0); ; {
		claimed, account, err := claimedNumbers.read(ctx, c, "", string(id))
		if err != nil {
			return err
		}
		if account.Version == seen {
			return PhoneNumbers.notFound(string(id))
		}
		err = do(claimed.Instance, account)
		switch {
		case errors.Is(err, store.ErrStale): // there is something newer to decide on
		case center.Is(err, center.NotFound) || errors.Is(err, store.ErrNotFound):
			seen = account.Version
		default:
			return err
		}
	}
}

// ListNumbers are up to limit phone numbers to keep after the one with the given id, in the order of ids: those of an
// instance, or with "" of all.
func (c *Catalog) ListNumbers(ctx context.Context, at center.InstanceID, after string, limit int, keep func(*center.PhoneNumber) bool) (found []ClaimedNumber, err error) {
	if at != "" {
		numbers, err := PhoneNumbers.List(ctx, c, at, after, limit, keep)
		for i := range numbers {
			found = append(found, ClaimedNumber{numbers[i], at})
		}
		return found, err
	}
	all, err := claimedNumbers.all(ctx, c, "")
	if err != nil {
		return nil, err
	}
	for _, claimed := range all[claimedNumbers.behind(all, after):] {
		if len(found) == limit {
			break
		}
		n, err := c.PhoneNumber(ctx, claimed.ID)
		switch {
		case center.Is(err, center.NotFound): // it was released meanwhile, or its instance deleted
		case err != nil:
			return nil, err
		case keep == nil || keep(&n.PhoneNumber):
			found = append(found, *n)
		}
	}
	return found, nil
}

// AssociateNumber makes a phone number lead to a flow of the instance that has it. The association is among those that
// ListFlowAssociations shows, by ARNs.
func (c *Catalog) AssociateNumber(ctx context.Context, at center.InstanceID, id center.PhoneNumberID, f center.FlowID) error {
	if _, err := PhoneNumbers.Get(ctx, c, at, string(id)); err != nil {
		return err
	}
	return c.AssociateFlow(ctx, at, center.FlowAssociation{
		ResourceType: center.VoicePhoneNumber, ResourceID: c.Partition.PhoneNumberARN(id), FlowID: c.Partition.FlowARN(at, f),
	})
}

// DisassociateNumber takes away the flow that a phone number leads to; one that leads nowhere stays so (inferred).
func (c *Catalog) DisassociateNumber(ctx context.Context, at center.InstanceID, id center.PhoneNumberID) error {
	if _, err := PhoneNumbers.Get(ctx, c, at, string(id)); err != nil {
		return err
	}
	err := c.DisassociateFlow(ctx, at, center.VoicePhoneNumber, c.Partition.PhoneNumberARN(id))
	if center.Is(err, center.NotFound) {
		return nil
	}
	return err
}

// forgetNumbers takes away the account's rows of the numbers of an instance that is gone, so that others can claim them.
func (c *Catalog) forgetNumbers(ctx context.Context, at center.InstanceID) error {
	all, err := claimedNumbers.all(ctx, c, "")
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].Instance != at {
			continue
		}
		err := c.Store.DeleteResource(ctx, "", claimedNumbers.rows, string(all[i].ID))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}

// numbersOfAccount are phone numbers as ARNs name them, without an instance. The older ARN, which names one, cannot be used to
// tag (API Reference, ListPhoneNumbers).
type numbersOfAccount struct{}

func (numbersOfAccount) names() (rows, word, tail string) {
	return claimedNumbers.rows, claimedNumbers.word, PhoneNumbers.tail
}

func (numbersOfAccount) ParseID(s string) string { return PhoneNumbers.ParseID(s) }

// named says which instance a number is claimed to. One that is not claimed is nowhere.
func (numbersOfAccount) named(ctx context.Context, c *Catalog, _ center.InstanceID, id string) (Named, error) {
	n := Named{ARNs: []string{c.Partition.PhoneNumberARN(center.PhoneNumberID(id))}}
	if _, isID := center.UUID(id); !isID {
		return n, nil
	}
	claimed, err := claimedNumbers.find(ctx, c, "", id)
	if err == nil {
		n.Instance = claimed.Instance
	} else if center.Is(err, center.NotFound) {
		err = nil
	}
	return n, err
}

func (numbersOfAccount) tagsOf(ctx context.Context, c *Catalog, at center.InstanceID, id string) (tags map[string]string, ok bool, err error) {
	if at != "" {
		return nil, true, PhoneNumbers.notFound(id)
	}
	n, err := c.PhoneNumber(ctx, center.PhoneNumberID(id))
	if err != nil {
		return nil, true, err
	}
	return n.Tags, true, nil
}

func (numbersOfAccount) tag(ctx context.Context, c *Catalog, at center.InstanceID, id string, set map[string]string, remove []string) error {
	if at != "" {
		return PhoneNumbers.notFound(id)
	}
	return c.UpdateNumber(ctx, center.PhoneNumberID(id), func(n *center.PhoneNumber) (err error) {
		n.Tags, err = center.MergeTags(n.Tags, set, remove)
		return err
	})
}
