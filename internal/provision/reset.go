package provision

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/domain"

	"github.com/ltlab/ltlab/internal/problem"
)

// Every time that InfluxDB takes, on a point and in a deletion: it keeps two values at each end of int64 to itself.
var (
	earliest = time.Unix(0, math.MinInt64+2).UTC()
	latest   = time.Unix(0, math.MaxInt64-1).UTC()
)

// Reset empties the buckets of every point and says how many it emptied; one that is not there counts as none. Buckets,
// retention and tokens stay. A token that may not write is the problem influxdb-token-refused.
func Reset(ctx context.Context, a Access, buckets ...string) (emptied int, err error) {
	c := newClient(a.URL)
	c.http.Timeout = 0 // there may be a year of data
	defer c.http.CloseIdleConnections()
	c.as(token(a.Token))
	for _, bucket := range buckets {
		err := c.PostDelete(ctx, &domain.PostDeleteAllParams{
			PostDeleteParams: domain.PostDeleteParams{Org: &a.Org, Bucket: &bucket},
			Body:             domain.PostDeleteJSONRequestBody{Start: earliest, Stop: latest},
		})
		switch {
		case refused(err, http.StatusNotFound):
		case refused(err, http.StatusUnauthorized, http.StatusForbidden):
			return emptied, problem.InfluxTokenRefused(err)
		case err != nil:
			return emptied, unanswered(ctx, fmt.Errorf("empty bucket %s: %w", bucket, err))
		default:
			emptied++
		}
	}
	return emptied, nil
}
