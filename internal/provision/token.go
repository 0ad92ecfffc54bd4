package provision

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/influxdata/influxdb-client-go/v2/domain"
)

// What tokens of ours are called in InfluxDB. Only those are ever deleted.
const (
	writes = "ltlab: writes and reads"
	reads  = "ltlab: reads"
)

func (s *session) findTokens(ctx context.Context, org string) ([]domain.Authorization, error) {
	found, err := s.GetAuthorizations(ctx, &domain.GetAuthorizationsParams{OrgID: &org})
	if err != nil || found.Authorizations == nil {
		return nil, err
	}
	return *found.Authorizations, nil
}

// tokens keeps the lab's tokens when they work and have exactly their rights, and replaces them when not. What is left of
// ours is of no use to anybody and goes; whoever takes a token out of the lab's settings wants it to end.
func (s *session) tokens(ctx context.Context, org string, have []domain.Authorization) error {
	if s.byToken {
		s.result.Token = s.want.Token // nothing else lets the lab in
	} else if err := s.token(ctx, org, have, writes, s.want.Token, &s.result.Token, domain.PermissionActionRead, domain.PermissionActionWrite); err != nil {
		return err
	}
	if err := s.token(ctx, org, have, reads, s.want.ReadToken, &s.result.ReadToken, domain.PermissionActionRead); err != nil {
		return err
	}
	for i := range have {
		a := &have[i]
		if a.Id == nil || a.Description == nil || (*a.Description != writes && *a.Description != reads) || is(a, s.result.Token) || is(a, s.result.ReadToken) {
			continue
		}
		err := s.DeleteAuthorizationsID(ctx, &domain.DeleteAuthorizationsIDAllParams{AuthID: *a.Id})
		if refused(err, http.StatusNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		s.changed("token %q revoked that the lab does not use", *a.Description)
	}
	return nil
}

// token keeps the wanted token or makes one with those rights to all buckets of the organization.
func (s *session) token(ctx context.Context, org string, have []domain.Authorization, description, want string, now *string, actions ...domain.PermissionAction) error {
	rights := make([]domain.Permission, len(actions))
	for i, action := range actions {
		rights[i] = domain.Permission{Action: action, Resource: domain.Resource{Type: domain.ResourceTypeBuckets, OrgID: &org}}
	}
	if slices.ContainsFunc(have, func(a domain.Authorization) bool { return is(&a, want) && active(&a) && exactly(&a, rights) }) {
		*now = want
		return nil
	}
	body := domain.PostAuthorizationsJSONRequestBody{OrgID: &org, Permissions: &rights}
	body.Description = &description
	made, err := s.PostAuthorizations(ctx, &domain.PostAuthorizationsAllParams{Body: body})
	if err != nil {
		return err
	}
	if made.Token == nil || *made.Token == "" {
		return errors.New("InfluxDB made a token and did not tell it")
	}
	*now = *made.Token
	if want == "" {
		s.changed("token %q made", description)
	} else {
		s.changed("token %q replaced, for the lab's did not work or had other rights", description)
	}
	return nil
}

func is(a *domain.Authorization, value string) bool {
	return value != "" && a.Token != nil && *a.Token == value
}

func active(a *domain.Authorization) bool {
	return a.Status == nil || *a.Status == domain.AuthorizationUpdateRequestStatusActive
}

// exactly says whether the token has those rights and no others.
func exactly(a *domain.Authorization, rights []domain.Permission) bool {
	if a.Permissions == nil || len(*a.Permissions) != len(rights) {
		return false
	}
	for _, r := range rights {
		if !slices.ContainsFunc(*a.Permissions, func(p domain.Permission) bool {
			return p.Action == r.Action && p.Resource.Type == r.Resource.Type && p.Resource.Id == nil && p.Resource.OrgID != nil && *p.Resource.OrgID == *r.Resource.OrgID
		}) {
			return false
		}
	}
	return true
}

// mayDoAll says whether the wanted token is one of those that may make organizations, buckets and tokens.
func (s *session) mayDoAll(ctx context.Context) bool {
	found, err := s.GetAuthorizations(ctx, &domain.GetAuthorizationsParams{}) // without the right to see them: none
	if err != nil || found.Authorizations == nil {
		return false
	}
	i := slices.IndexFunc(*found.Authorizations, func(a domain.Authorization) bool { return is(&a, s.want.Token) && active(&a) })
	if i < 0 || (*found.Authorizations)[i].Permissions == nil {
		return false
	}
	may := *(*found.Authorizations)[i].Permissions
	for _, kind := range []domain.ResourceType{domain.ResourceTypeOrgs, domain.ResourceTypeBuckets, domain.ResourceTypeAuthorizations} {
		if !slices.ContainsFunc(may, func(p domain.Permission) bool {
			return p.Action == domain.PermissionActionWrite && p.Resource.Type == kind && p.Resource.OrgID == nil && p.Resource.Id == nil
		}) {
			return false
		}
	}
	return true
}
