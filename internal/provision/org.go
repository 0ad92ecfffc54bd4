package provision

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/domain"
)

// org finds the organization, or makes it, and returns its id. When the one organization that has the lab's bucket has
// another name, somebody renamed it, here or in the settings: it gets the wanted name, for the data is in it.
func (s *session) org(ctx context.Context) (id string, err error) {
	id, err = s.findOrg(ctx)
	if err != nil || id != "" {
		return id, err
	}
	found, err := s.GetBuckets(ctx, &domain.GetBucketsParams{Name: &s.want.Bucket})
	if err != nil {
		return "", err
	}
	if found.Buckets != nil && len(*found.Buckets) == 1 && (*found.Buckets)[0].OrgID != nil {
		id = *(*found.Buckets)[0].OrgID
		renamed, err := s.PatchOrgsID(ctx, &domain.PatchOrgsIDAllParams{OrgID: id, Body: domain.PatchOrgsIDJSONRequestBody{Name: &s.want.Org}})
		if err != nil {
			return "", err
		}
		s.changed("organization renamed to %s", renamed.Name)
		return id, nil
	}
	made, err := s.PostOrgs(ctx, &domain.PostOrgsAllParams{Body: domain.PostOrgsJSONRequestBody{Name: s.want.Org}})
	if exists(err) {
		return s.findOrg(ctx)
	}
	if err != nil {
		return "", err
	}
	if made.Id == nil {
		return "", errors.New("InfluxDB made an organization without an id")
	}
	s.changed("organization %s made", s.want.Org)
	return *made.Id, nil
}

// findOrg is the organization's id, "" when there is none.
func (s *session) findOrg(ctx context.Context) (string, error) {
	found, err := s.GetOrgs(ctx, &domain.GetOrgsParams{Org: &s.want.Org})
	if refused(err, http.StatusNotFound) {
		return "", nil
	}
	if err != nil || found.Orgs == nil {
		return "", err
	}
	for _, o := range *found.Orgs {
		if o.Name == s.want.Org && o.Id != nil {
			return *o.Id, nil
		}
	}
	return "", nil
}

// exists is InfluxDB's answer to a second thing of one name.
func exists(err error) bool { return refused(err, http.StatusUnprocessableEntity, http.StatusConflict) }

// inOrg looks at everything in the organization at once, and repairs one thing after the other.
func (s *session) inOrg(ctx context.Context, org string) error {
	var short, long *domain.Bucket
	var tokens []domain.Authorization
	err := all(
		func() (err error) { short, err = s.findBucket(ctx, org, s.want.Bucket); return err },
		func() (err error) { long, err = s.findBucket(ctx, org, s.want.Bucket1M); return err },
		func() (err error) { tokens, err = s.findTokens(ctx, org); return err },
	)
	if err != nil {
		return err
	}
	if err := s.bucket(ctx, org, short, s.want.Bucket, s.want.Retention); err != nil {
		return err
	}
	if err := s.bucket(ctx, org, long, s.want.Bucket1M, s.want.Retention1M); err != nil {
		return err
	}
	return s.tokens(ctx, org, tokens)
}

// all calls them at the same time.
func all(calls ...func() error) error {
	errs := make([]error, len(calls))
	var wg sync.WaitGroup
	for i, call := range calls {
		wg.Go(func() { errs[i] = call() })
	}
	wg.Wait()
	for _, err := range errs { // one is enough for whoever reads it
		if err != nil {
			return err
		}
	}
	return nil
}

// findBucket is the bucket of that name, nil when there is none.
func (s *session) findBucket(ctx context.Context, org, name string) (*domain.Bucket, error) {
	found, err := s.GetBuckets(ctx, &domain.GetBucketsParams{OrgID: &org, Name: &name})
	if refused(err, http.StatusNotFound) {
		return nil, nil
	}
	if err != nil || found.Buckets == nil {
		return nil, err
	}
	for i := range *found.Buckets {
		if b := &(*found.Buckets)[i]; b.Name == name && b.Id != nil {
			return b, nil
		}
	}
	return nil, nil
}

// bucket makes a bucket, or sets the retention of the one that is there.
func (s *session) bucket(ctx context.Context, org string, b *domain.Bucket, name string, keep time.Duration) error {
	if b == nil {
		rules := domain.RetentionRules{{EverySeconds: int64(keep / time.Second)}}
		_, err := s.PostBuckets(ctx, &domain.PostBucketsAllParams{Body: domain.PostBucketsJSONRequestBody{OrgID: org, Name: name, RetentionRules: &rules}})
		if err == nil {
			s.changed("bucket %s made", name)
		}
		if exists(err) {
			return nil
		}
		return err
	}
	var have time.Duration
	if len(b.RetentionRules) > 0 {
		have = time.Duration(b.RetentionRules[0].EverySeconds) * time.Second
	}
	if have == keep {
		return nil
	}
	group := int64(shardGroup(keep) / time.Second)
	rules := domain.PatchRetentionRules{{EverySeconds: int64(keep / time.Second), ShardGroupDurationSeconds: &group}}
	_, err := s.PatchBucketsID(ctx, &domain.PatchBucketsIDAllParams{BucketID: *b.Id, Body: domain.PatchBucketsIDJSONRequestBody{RetentionRules: &rules}})
	if err != nil {
		return err
	}
	forever := func(d time.Duration) string {
		if d == 0 {
			return "for ever"
		}
		return d.String()
	}
	s.changed("retention of bucket %s set from %s to %s", name, forever(have), forever(keep))
	return nil
}

// shardGroup is how much time InfluxDB keeps in one shard at that retention. It chooses so by itself for a new bucket, but
// keeps the old value when the retention changes: a year in shards of an hour would be 8760 of them.
// Source: docs.influxdata.com/influxdb/v2/reference/internals/shards, "Shard group duration".
func shardGroup(keep time.Duration) time.Duration {
	const day = 24 * time.Hour
	switch {
	case keep == 0 || keep > 180*day:
		return 7 * day
	case keep >= 2*day:
		return day
	}
	return time.Hour
}
