package provision

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/domain"
)

// How long a first sign of life may take, and one deletion, which looks at every series of a bucket.
const (
	aliveLimit  = 15 * time.Second
	deleteLimit = 10 * time.Minute
)

// Forget deletes every point with the tag run of that value from the buckets: rows, raw samples, events, the ledger, and what
// Telegraf wrote. Points of other runs stay. A bucket that is not there, or has no name, counts as empty. Errors are a *Refused
// or those of the connection; then some of the points may be gone, and the call may be repeated.
func Forget(ctx context.Context, a Access, run string, buckets ...string) error {
	c := newClient(a.URL)
	c.http.Timeout = 0
	defer c.http.CloseIdleConnections()
	c.as(token(a.Token))
	predicate := `run="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(run) + `"`
	if err := alive(ctx, c); err != nil {
		return err
	}
	for _, bucket := range buckets {
		if bucket == "" {
			continue
		}
		limited, cancel := context.WithTimeout(ctx, deleteLimit)
		err := c.PostDelete(limited, &domain.PostDeleteAllParams{
			PostDeleteParams: domain.PostDeleteParams{Org: &a.Org, Bucket: &bucket},
			Body:             domain.PostDeleteJSONRequestBody{Start: earliest, Stop: latest, Predicate: &predicate},
		})
		cancel()
		if refused(err, http.StatusNotFound) && strings.Contains(err.Error(), "bucket") {
			continue
		}
		if err != nil {
			return fmt.Errorf("delete run %s from bucket %s: %w", run, bucket, err)
		}
	}
	return nil
}

// alive asks for an answer of any kind, so that nobody waits for one that does not come as long as a deletion may take.
func alive(ctx context.Context, c *client) error {
	ctx, cancel := context.WithTimeout(ctx, aliveLimit)
	defer cancel()
	_, err := c.GetHealth(ctx, &domain.GetHealthParams{})
	return err
}
