package catalog_test

import (
	"fmt"
	"testing"

	"github.com/parley-chat/parley/internal/center"
)

// Tags that several calls set at the same moment are all there; the fifty-first is refused, and nothing of its call is
// kept; what is taken away makes room.
func TestTagsOfOneResource(t *testing.T) {
	w := newWorld(t)
	a, b := w.node(), w.node()
	queue := a.Partition.InstanceARN(instance) + "/queue/" + center.SeededID(instance, "queue", center.BasicQueueName)
	all(50, func(i int) {
		c := a
		if i%2 == 1 {
			c = b
		}
		w.must(c.Tag(w.ctx, queue, map[string]string{fmt.Sprint("key ", i): "x"}, nil))
	})
	tags, err := b.Tags(w.ctx, queue)
	w.must(err)
	if len(tags) != 50 {
		t.Fatalf("there are %d tags, want 50", len(tags))
	}
	if err := a.Tag(w.ctx, queue, map[string]string{"one more": "", "key 1": "y"}, nil); !center.Is(err, center.LimitExceeded) {
		t.Errorf("51 tags: %v", err)
	}
	w.must(a.Tag(w.ctx, queue, map[string]string{"key 1": "z"}, nil))
	w.must(a.Tag(w.ctx, queue, nil, []string{"key 2", "key 3", "nothing"}))
	w.must(a.Tag(w.ctx, queue, map[string]string{"one more": ""}, nil))
	tags, err = a.Tags(w.ctx, queue)
	w.must(err)
	if _, ok := tags["one more"]; len(tags) != 49 || tags["key 1"] != "z" || !ok {
		t.Errorf("there are %d tags: %v", len(tags), tags)
	}
}

// The tags of an instance are its row's, which others write too.
func TestTagsOfAnInstance(t *testing.T) {
	w := newWorld(t)
	c := w.node()
	arn := c.Partition.InstanceARN(instance)
	w.must(c.Tag(w.ctx, arn, map[string]string{"stage": "test"}, nil))
	i, err := c.Instance(w.ctx, instance)
	w.must(err)
	if i.Tags["stage"] != "test" || i.Alias != "test" {
		t.Errorf("the instance is %+v", i)
	}
	w.must(c.CloseInstance(w.ctx, instance))
	if err := c.Tag(w.ctx, arn, nil, []string{"stage"}); !center.Is(err, center.NotFound) {
		t.Errorf("tags of an instance that is gone: %v", err)
	}
}
