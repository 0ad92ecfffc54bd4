//go:build e2e

package e2e

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/provision"
)

const week, year = 7 * 24 * time.Hour, 365 * 24 * time.Hour

// wanted is what a lab with default settings wants of that database.
func wanted(d *database) provision.Wanted {
	return provision.Wanted{URL: d.URL, Org: "ltlab", Bucket: "loadtests", Bucket1M: "loadtests_1m", Retention: week, Retention1M: year,
		AdminUser: "admin", AdminPassword: "a password of 25 letters"}
}

// ensure provisions, which must not fail, and takes the tokens over as a lab does.
func ensure(t *testing.T, w *provision.Wanted) []string {
	t.Helper()
	r, err := provision.Ensure(context.Background(), *w)
	if err != nil {
		t.Fatal(err)
	}
	w.Token, w.ReadToken = r.Token, r.ReadToken
	return r.Changed
}

// provisioned is a database as a lab has it.
func provisioned(t *testing.T) (*database, *provision.Wanted) {
	t.Helper()
	d := newDatabase(t)
	w := wanted(d)
	ensure(t, &w)
	return d, &w
}

// query is what a query yields; it must not fail.
func query(t *testing.T, w *provision.Wanted, flux string) string {
	t.Helper()
	var out strings.Builder
	if err := provision.Query(context.Background(), provision.Access{URL: w.URL, Org: w.Org, Token: w.ReadToken}, flux, &out); err != nil {
		t.Fatalf("%s: %v", flux, err)
	}
	return out.String()
}

// works asserts that one token writes and both read.
func works(t *testing.T, d *database, w *provision.Wanted) {
	t.Helper()
	for _, bucket := range []string{w.Bucket, w.Bucket1M} {
		if status := d.with(w.Token).write(w.Org, bucket, "works v=1"); status != http.StatusNoContent {
			t.Errorf("the token does not write to %s: HTTP %d", bucket, status)
		}
		flux := `from(bucket: "` + bucket + `") |> range(start: -1h) |> filter(fn: (r) => r._measurement == "works") |> last() |> keep(columns: ["_value"])`
		for _, token := range []string{w.Token, w.ReadToken} {
			reader := *w
			reader.ReadToken = token
			if got := query(t, &reader, flux); got != "result,table,_value\n_result,0,1\n" {
				t.Errorf("reading from %s: got %q", bucket, got)
			}
		}
	}
}

func TestAFreshInfluxDBGetsWhatALabNeeds(t *testing.T) {
	d := newDatabase(t)
	w := wanted(d)
	if changed := ensure(t, &w); len(changed) == 0 {
		t.Error("nothing is said to have been made")
	}
	works(t, d, &w)
	admin := d.signIn(w.AdminUser, w.AdminPassword)
	h := admin.holding()
	if len(h.Orgs) != 1 || h.Orgs[0].Name != "ltlab" {
		t.Errorf("organizations: %+v", h.Orgs)
	}
	kept := map[string]int64{}
	for _, b := range h.Buckets {
		kept[b.Name] = b.RetentionRules[0].EverySeconds
	}
	if want := map[string]int64{"loadtests": 7 * 86400, "loadtests_1m": 365 * 86400}; !reflect.DeepEqual(kept, want) {
		t.Errorf("buckets %v, want %v", kept, want)
	}
	rights := map[string]string{}
	for _, a := range h.Tokens {
		rights[a.Token] = a.may()
	}
	if want := map[string]string{w.Token: "read buckets, write buckets", w.ReadToken: "read buckets"}; !reflect.DeepEqual(rights, want) {
		t.Errorf("tokens %v, want %v and no operator's", rights, want)
	}
	if status := d.with(w.ReadToken).write(w.Org, w.Bucket, "m v=1"); status != http.StatusForbidden && status != http.StatusUnauthorized {
		t.Errorf("the token that only reads may write: HTTP %d", status)
	}
	if status := d.with(w.Token).ask(http.MethodPost, "/api/v2/orgs", map[string]string{"name": "mine"}, nil); status < 400 {
		t.Errorf("the lab's token may make organizations: HTTP %d", status)
	}
}

func TestASecondProvisioningChangesNothingAndAsksLittle(t *testing.T) {
	d, w := provisioned(t)
	admin := d.signIn(w.AdminUser, w.AdminPassword)
	before := admin.holding()
	target, err := url.Parse(d.URL)
	if err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int32
	proxy := httputil.NewSingleHostReverseProxy(target)
	counted := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.Method != http.MethodGet && !strings.HasPrefix(r.URL.Path, "/api/v2/sign") {
			t.Errorf("%s %s was sent", r.Method, r.URL.Path)
		}
		proxy.ServeHTTP(rw, r)
	}))
	defer counted.Close()
	again := *w
	again.URL = counted.URL
	began := time.Now()
	if changed := ensure(t, &again); len(changed) != 0 {
		t.Errorf("changed %q", changed)
	}
	t.Logf("%d requests, %s", requests.Load(), time.Since(began).Round(time.Millisecond))
	if n := requests.Load(); n > 7 {
		t.Errorf("it took %d requests", n)
	}
	if again.Token != w.Token || again.ReadToken != w.ReadToken {
		t.Error("the tokens are other ones now")
	}
	if after := admin.holding(); !reflect.DeepEqual(after, before) {
		t.Errorf("before %+v\nafter  %+v", before, after)
	}
}

func TestADeletedBucketComesBackAndTheTokensStayValid(t *testing.T) {
	d, w := provisioned(t)
	admin := d.signIn(w.AdminUser, w.AdminPassword)
	for _, b := range admin.holding().Buckets {
		admin.do(http.MethodDelete, "/api/v2/buckets/"+b.ID, nil)
	}
	token, readToken := w.Token, w.ReadToken
	changed := ensure(t, w)
	if want := []string{"bucket loadtests made", "bucket loadtests_1m made"}; !slices.Equal(changed, want) {
		t.Errorf("changed %q, want %q", changed, want)
	}
	if w.Token != token || w.ReadToken != readToken {
		t.Error("the tokens are other ones now")
	}
	works(t, d, w)
}

func TestTokensThatAreNotAsTheyShouldBeAreReplaced(t *testing.T) {
	d, w := provisioned(t)
	admin := d.signIn(w.AdminUser, w.AdminPassword)
	idOf := func(token string) string {
		for _, a := range admin.holding().Tokens {
			if a.Token == token {
				return a.ID
			}
		}
		t.Fatal("no such token")
		return ""
	}
	// made makes a token of somebody else's with those rights.
	made := func(orgID string, actions ...string) string {
		var permissions []any
		for _, action := range actions {
			permissions = append(permissions, map[string]any{"action": action, "resource": map[string]string{"type": "buckets", "orgID": orgID}})
		}
		var a influxToken
		admin.ask(http.MethodPost, "/api/v2/authorizations", map[string]any{"orgID": orgID, "description": "mine", "permissions": permissions}, &a)
		return a.Token
	}
	org := admin.holding().Orgs[0].ID
	both, write := made(org, "read", "write"), made(org, "write")
	for _, c := range []struct {
		name        string
		spoil       func()
		token, read bool // which is replaced
	}{
		{"revoked", func() { admin.do(http.MethodDelete, "/api/v2/authorizations/"+idOf(w.Token), nil) }, true, false},
		{"inactive", func() {
			admin.do(http.MethodPatch, "/api/v2/authorizations/"+idOf(w.ReadToken), map[string]string{"status": "inactive"})
		}, false, true},
		{"chosen by somebody", func() { w.Token = "my-own-token" }, true, false},
		{"taken out of the settings", func() { w.Token, w.ReadToken = "", "" }, true, true},
		{"too many rights", func() { w.ReadToken = both }, false, true},
		{"too few rights", func() { w.Token = write }, true, false},
		{"writes instead of reading", func() { w.ReadToken = write }, false, true},
		{"one for the other", func() { w.Token, w.ReadToken = w.ReadToken, w.Token }, true, true},
		{"somebody else's with the same rights", func() { w.Token = both }, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spoil()
			token, read := w.Token, w.ReadToken
			changed := ensure(t, w)
			if (w.Token != token) != c.token || (w.ReadToken != read) != c.read || (len(changed) > 0) != (c.token || c.read || c.name[0] == 's') {
				t.Errorf("replaced: token %v, read token %v; changed %q", w.Token != token, w.ReadToken != read, changed)
			}
			works(t, d, w)
			for _, a := range admin.holding().Tokens {
				if strings.HasPrefix(a.Description, "ltlab") && a.Token != w.Token && a.Token != w.ReadToken {
					t.Errorf("token %q is still there and nobody's", a.Description)
				}
			}
			if changed := ensure(t, w); len(changed) != 0 {
				t.Errorf("the second time: changed %q", changed)
			}
		})
	}
	if h := admin.holding(); !slices.ContainsFunc(h.Tokens, func(a influxToken) bool { return a.Token == write }) {
		t.Error("a token of somebody else's was revoked")
	}
}

func TestAnotherPasswordIsAProblemAndChangesNothing(t *testing.T) {
	d, w := provisioned(t)
	admin := d.signIn(w.AdminUser, w.AdminPassword)
	before := admin.holding()
	for _, spoil := range []func(*provision.Wanted){
		func(w *provision.Wanted) { w.AdminPassword = "another-password" },
		func(w *provision.Wanted) { w.AdminPassword, w.Token = "another-password", "" },
		func(w *provision.Wanted) { w.AdminPassword, w.Token = "another-password", "no-such-token" },
		func(w *provision.Wanted) { w.AdminUser = "somebody" },
	} {
		other := *w
		spoil(&other)
		_, err := provision.Ensure(context.Background(), other)
		p := problem.From(err)
		if p.ID != "influxdb-credentials" || p.Exit != problem.Input {
			t.Errorf("got %v", err)
		}
		for _, secret := range []string{"another-password", w.AdminPassword, w.Token, "no-such-token"} {
			if strings.Contains(p.Text()+err.Error(), secret) {
				t.Errorf("the problem tells a secret: %s", p.Text())
			}
		}
	}
	if after := admin.holding(); !reflect.DeepEqual(after, before) {
		t.Errorf("before %+v\nafter  %+v", before, after)
	}
}

// setUp sets a database up as the official image does for a lab that was ejected, and returns the operator's token.
func setUp(d *database, w *provision.Wanted) string {
	d.t.Helper()
	d.with("").ask(http.MethodPost, "/api/v2/setup", map[string]any{"username": w.AdminUser, "password": "set-up-with-this", "org": w.Org,
		"bucket": w.Bucket, "retentionPeriodSeconds": 3600, "token": "an-operators-token"}, &struct{}{})
	return "an-operators-token"
}

func TestAnOperatorsTokenDoesInsteadOfThePassword(t *testing.T) {
	d := newDatabase(t)
	w := wanted(d)
	operator := setUp(d, &w)
	w.Token = operator
	ensure(t, &w)
	if w.Token == operator {
		t.Error("the lab goes on with an operator's token, though the password is good now")
	}
	works(t, d, &w)
	d.signIn(w.AdminUser, w.AdminPassword)
	if len(d.with(operator).holding().Orgs) != 1 {
		t.Error("the operator's token is gone, and a plain compose project may still use it")
	}
	if changed := ensure(t, &w); len(changed) != 0 {
		t.Errorf("the second time: changed %q", changed)
	}
}

func TestAnOperatorsTokenIsKeptWhereNothingElseIsLetIn(t *testing.T) {
	d := newDatabase(t)
	w := wanted(d)
	operator := setUp(d, &w)
	w.Token, w.AdminUser = operator, "somebody"
	ensure(t, &w)
	if w.Token != operator {
		t.Error("the only thing that is let in was replaced")
	}
	works(t, d, &w)
	if changed := ensure(t, &w); len(changed) != 0 {
		t.Errorf("the second time: changed %q", changed)
	}
}

func TestRetentionFollowsItsSetting(t *testing.T) {
	d, w := provisioned(t)
	admin := d.signIn(w.AdminUser, w.AdminPassword)
	for _, keep := range []time.Duration{time.Hour, year, 0, 90 * time.Minute, 30 * 24 * time.Hour, week} {
		w.Retention, w.Retention1M = keep, keep
		if changed := ensure(t, w); len(changed) != 2 && keep != week {
			t.Errorf("%s: changed %q", keep, changed)
		}
		for _, b := range admin.holding().Buckets {
			rule := b.RetentionRules[0]
			if got := time.Duration(rule.EverySeconds) * time.Second; got != keep {
				t.Errorf("%s keeps %s, want %s", b.Name, got, keep)
			}
			group := time.Duration(rule.ShardGroupDurationSeconds) * time.Second
			if group < time.Hour || keep > 0 && (group > keep || keep/group > 200) {
				t.Errorf("%s keeps %s in shards of %s", b.Name, keep, group)
			}
		}
		works(t, d, w)
	}
}

func TestARenamedOrganizationKeepsItsData(t *testing.T) {
	d, w := provisioned(t)
	works(t, d, w)
	admin := d.signIn(w.AdminUser, w.AdminPassword)
	org := admin.holding().Orgs[0].ID
	token := w.Token
	// In InfluxDB, behind the lab's back; and in the settings.
	admin.do(http.MethodPatch, "/api/v2/orgs/"+org, map[string]string{"name": "elsewhere"})
	for _, name := range []string{"ltlab", "acme & sons"} {
		w.Org = name
		if changed := ensure(t, w); !slices.Equal(changed, []string{"organization renamed to " + name}) {
			t.Errorf("changed %q", changed)
		}
		if got := query(t, w, `from(bucket: "loadtests") |> range(start: -1h) |> count() |> keep(columns: ["_value"])`); got != "result,table,_value\n_result,0,1\n" {
			t.Errorf("of the point that was written there is %q", got)
		}
	}
	if w.Token != token {
		t.Error("the token was replaced")
	}
}

func TestAnOrganizationIsMadeWhereItIsNotPlainWhichWasMeant(t *testing.T) {
	d, w := provisioned(t)
	admin := d.signIn(w.AdminUser, w.AdminPassword)
	var org influxOrg
	admin.ask(http.MethodPost, "/api/v2/orgs", map[string]string{"name": "another"}, &org)
	admin.do(http.MethodPost, "/api/v2/buckets", map[string]any{"orgID": org.ID, "name": "loadtests", "retentionRules": []any{}})
	old := *w
	w.Org = "third"
	ensure(t, w)
	works(t, d, w)
	works(t, d, &old)
	if h := admin.holding(); len(h.Orgs) != 3 {
		t.Errorf("organizations: %+v", h.Orgs)
	}
	if changed := ensure(t, w); len(changed) != 0 {
		t.Errorf("the second time: changed %q", changed)
	}
}

func TestProvisioningAFreshInfluxDBTwiceAtOnceSetsItUpOnce(t *testing.T) {
	d := newDatabase(t)
	w := wanted(d)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := provision.Ensure(context.Background(), w); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ensure(t, &w)
	works(t, d, &w)
	if h := d.signIn(w.AdminUser, w.AdminPassword).holding(); len(h.Orgs) != 1 || len(h.Buckets) != 2 || len(h.Tokens) != 2 {
		t.Errorf("there is %+v", h)
	}
}

func TestProvisioningTwiceAtOnceMakesNothingTwice(t *testing.T) {
	d, first := provisioned(t)
	admin := d.signIn(first.AdminUser, first.AdminPassword)
	for _, b := range admin.holding().Buckets {
		admin.do(http.MethodDelete, "/api/v2/buckets/"+b.ID, nil)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			w := *first
			if r, err := provision.Ensure(context.Background(), w); err != nil || r.Token != w.Token || r.ReadToken != w.ReadToken {
				t.Errorf("got %+v, %v", r, err)
			}
		})
	}
	wg.Wait()
	if h := admin.holding(); len(h.Orgs) != 1 || len(h.Buckets) != 2 || len(h.Tokens) != 2 {
		t.Errorf("there is %+v", h)
	}
	works(t, d, first)
}

func TestResetTakesEveryPointAndNothingElse(t *testing.T) {
	d := newDatabase(t)
	w := wanted(d)
	w.Retention, w.Retention1M = 0, 0 // takes points of any time
	ensure(t, &w)
	admin := d.signIn(w.AdminUser, w.AdminPassword)
	before := admin.holding()
	times := []string{"-9223372036854775806", "-1", "0", "1700000000000000000", "4102444800000000000", "9223372036854775806"}
	for _, bucket := range []string{w.Bucket, w.Bucket1M} {
		for _, at := range times {
			if status := d.with(w.Token).write(w.Org, bucket, "m,at=t"+at+" v=1 "+at); status != http.StatusNoContent {
				t.Fatalf("a point at %s: HTTP %d", at, status)
			}
		}
	}
	// left is whose series there are. A query's range is without its end, so the last of the points itself cannot be read.
	left := func(bucket string) string {
		return query(t, &w, `import "influxdata/influxdb/schema" schema.tagValues(bucket: "`+bucket+
			`", tag: "at", start: time(v: "1677-09-21T00:12:43.145224194Z"), stop: time(v: "2262-04-11T23:47:16.854775806Z")) |> count()`)
	}
	const all, none = "result,table,_value\n_result,0,6\n", "result,table,_value\n_result,0,0\n"
	for _, bucket := range []string{w.Bucket, w.Bucket1M} {
		if got := left(bucket); got != all {
			t.Fatalf("of %d series in %s there are %q", len(times), bucket, got)
		}
	}
	a := provision.Access{URL: w.URL, Org: w.Org, Token: w.Token}
	if n, err := provision.Reset(context.Background(), a, w.Bucket, w.Bucket1M, "no-such-bucket"); n != 2 || err != nil {
		t.Errorf("emptied %d, %v", n, err)
	}
	for _, bucket := range []string{w.Bucket, w.Bucket1M} {
		if got := left(bucket); got != none {
			t.Errorf("left in %s: %q", bucket, got)
		}
	}
	if after := admin.holding(); !reflect.DeepEqual(after, before) {
		t.Errorf("before %+v\nafter  %+v", before, after)
	}
	works(t, d, &w)

	a.Token = w.ReadToken
	if _, err := provision.Reset(context.Background(), a, w.Bucket); problem.From(err).ID != "influxdb-token-refused" {
		t.Errorf("with the token that only reads: %v", err)
	}
}

func TestQueriesAnswerInCSVAndFailInWords(t *testing.T) {
	_, w := provisioned(t)
	if got := query(t, w, `import "array" array.from(rows: [{a: "x,\"y\nz", b: 1}, {a: "q", b: 2}])`); got != "result,table,a,b\n_result,0,\"x,\"\"y\nz\",1\n_result,0,q,2\n" {
		t.Errorf("got %q", got)
	}
	// InfluxDB answers several results in any order.
	one, two := "result,table,a\none,0,1\n", "result,table,b\ntwo,0,2.5\n"
	if got := query(t, w, `import "array" array.from(rows: [{a: 1}]) |> yield(name: "one") array.from(rows: [{b: 2.5}]) |> yield(name: "two")`); got != one+"\n"+two && got != two+"\n"+one {
		t.Errorf("two tables: got %q", got)
	}
	a := provision.Access{URL: w.URL, Org: w.Org, Token: w.ReadToken}
	for _, c := range []struct {
		name, flux, token, id, says string
		written                     string // or nothing: the result that fails may come first
	}{
		{"no Flux", `from(bucket: "x`, w.ReadToken, "query-failed", "compilation failed: error @1:1-1:16: expected RPAREN", ""},
		{"no such bucket", `from(bucket: "nope") |> range(start: -1h)`, w.ReadToken, "query-failed", `could not find bucket "nope"`, ""},
		{"a failure in the middle", `import "array" array.from(rows: [{a: 1}]) |> yield(name: "one") array.from(rows: [{a: 0}]) |> map(fn: (r) => ({a: 1 / r.a})) |> yield(name: "two")`,
			w.ReadToken, "query-failed", "cannot divide by zero", "result,table,a\none,0,1\n"},
		{"no such token", `buckets()`, "no-such-token", "influxdb-token-refused", "unauthorized", ""},
	} {
		var out strings.Builder
		a.Token = c.token
		err := provision.Query(context.Background(), a, c.flux, &out)
		p := problem.From(err)
		if p.ID != c.id || p.Exit != problem.Input || !strings.Contains(p.Why, c.says) || strings.Contains(p.Why, "\n\n") {
			t.Errorf("%s: got %v", c.name, err)
		}
		if out.String() != c.written && out.String() != "" {
			t.Errorf("%s: wrote %q", c.name, out.String())
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := provision.Query(ctx, a, "buckets()", &strings.Builder{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}
