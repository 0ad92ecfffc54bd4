// Package provision makes what InfluxDB must hold for a lab, and repairs it, through InfluxDB's API: the organization, two
// buckets with their retention, a token that writes and one that only reads. It also runs queries and empties buckets.
//
// A missing thing is made, a changed setting is carried out, and what is as it should be is left alone. Nothing that holds
// data is ever deleted, but for Reset, which is asked to.
package provision

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/domain"

	"github.com/ltlab/ltlab/internal/problem"
)

// Wanted is what InfluxDB must hold, and who the lab is to it.
type Wanted struct {
	URL           string // http://127.0.0.1:PORT
	Org           string
	Bucket        string        // rows by the second
	Bucket1M      string        // rows by the minute
	Retention     time.Duration // of Bucket, in whole seconds; 0: for ever
	Retention1M   time.Duration // of Bucket1M
	AdminUser     string
	AdminPassword string
	Token         string // writes and reads; "" or one that does not work: made anew
	ReadToken     string // reads, the same
}

// Result is what there is now. Tokens that differ from the wanted ones are for the caller to keep: InfluxDB makes their
// values itself.
type Result struct {
	Token     string
	ReadToken string
	Changed   []string // what was made or changed, in words; empty when all was well
}

// setupLimit is how long a refused password is tried again, for a setup that is under way makes the user before the password,
// whose hash takes about 60 ms.
const setupLimit = 500 * time.Millisecond

// Ensure makes InfluxDB hold what is wanted. It signs in with the password; where that fails, a Token with the rights to do
// the work does instead, and the password is set. When neither is let in: the problem influxdb-credentials. Calls at the
// same time do no harm but for this one: the token that one has just made may be revoked by the other.
func Ensure(ctx context.Context, w Wanted) (Result, error) {
	s := &session{client: newClient(w.URL), want: &w}
	defer s.http.CloseIdleConnections()
	err := s.open(ctx)
	if err == nil {
		err = s.ensure(ctx)
		if cerr := s.close(ctx); err == nil {
			err = cerr
		}
	}
	if err != nil {
		return Result{}, fmt.Errorf("provision InfluxDB: %w", err)
	}
	return s.result, nil
}

// session is one who is let in and may do everything.
type session struct {
	*client
	want    *Wanted
	setup   *domain.Authorization // of the token that the setup made; it goes when the work is done
	byToken bool                  // nothing but Token is let in
	result  Result
}

func (s *session) open(ctx context.Context) error {
	state, err := s.GetSetup(ctx, &domain.GetSetupParams{})
	if err != nil {
		return err
	}
	if state.Allowed != nil && *state.Allowed {
		if err := s.setUp(ctx); err == nil || !exists(err) {
			return err
		}
	}
	err = s.signIn(ctx)
	if refused(err, http.StatusUnauthorized) {
		return s.openByToken(ctx, err)
	}
	s.as(nil) // the cookie says who it is
	return err
}

// signIn gets a session.
func (s *session) signIn(ctx context.Context) error {
	s.as(basic(s.want.AdminUser, s.want.AdminPassword))
	for end := time.Now().Add(setupLimit); ; {
		err := s.PostSignin(ctx, &domain.PostSigninParams{})
		if !refused(err, http.StatusUnauthorized) || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// setUp gives a fresh InfluxDB its administrator, organization and first bucket.
func (s *session) setUp(ctx context.Context) error {
	seconds := int64(s.want.Retention / time.Second)
	made, err := s.PostSetup(ctx, &domain.PostSetupAllParams{Body: domain.PostSetupJSONRequestBody{
		Username: s.want.AdminUser, Password: &s.want.AdminPassword, Org: s.want.Org, Bucket: s.want.Bucket, RetentionPeriodSeconds: &seconds,
	}})
	if err != nil {
		return err
	}
	if made.Auth == nil || made.Auth.Token == nil || made.Auth.Id == nil {
		return errors.New("InfluxDB's setup made no token")
	}
	s.setup = made.Auth
	s.as(token(*made.Auth.Token))
	s.changed("set up for %s", s.want.AdminUser)
	return nil
}

// openByToken does without the password, which was refused, when the lab's token may do everything, as in a lab that was
// ejected; and sets the password, so that the token can be replaced by one with fewer rights.
func (s *session) openByToken(ctx context.Context, refusal error) error {
	s.as(token(s.want.Token))
	if s.want.Token == "" || !s.mayDoAll(ctx) {
		return problem.InfluxCredentials(s.want.AdminUser, refusal)
	}
	users, err := s.GetUsers(ctx, &domain.GetUsersParams{Name: &s.want.AdminUser})
	if err != nil || users.Users == nil || len(*users.Users) != 1 {
		s.byToken = true
		return nil
	}
	err = s.PostUsersIDPassword(ctx, &domain.PostUsersIDPasswordAllParams{
		UserID: *(*users.Users)[0].Id, Body: domain.PostUsersIDPasswordJSONRequestBody{Password: s.want.AdminPassword}})
	if err != nil {
		s.byToken = true
		return nil
	}
	s.changed("password of %s set", s.want.AdminUser)
	return nil
}

func (s *session) ensure(ctx context.Context) error {
	org, err := s.org(ctx)
	if err != nil {
		return err
	}
	return s.inOrg(ctx, org)
}

// close takes away what let the session in.
func (s *session) close(ctx context.Context) error {
	if s.setup == nil {
		_ = s.PostSignout(ctx, &domain.PostSignoutParams{}) // else it ends by itself in an hour
		return nil
	}
	return s.DeleteAuthorizationsID(ctx, &domain.DeleteAuthorizationsIDAllParams{AuthID: *s.setup.Id})
}

func (s *session) changed(format string, args ...any) {
	s.result.Changed = append(s.result.Changed, fmt.Sprintf(format, args...))
}
