package docker

import (
	"context"
	"errors"
	"slices"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/engine"
	"github.com/ltlab/ltlab/internal/gate"
	"github.com/ltlab/ltlab/internal/problem"
	"github.com/ltlab/ltlab/internal/provision"
	"github.com/ltlab/ltlab/internal/term"
)

// database brings InfluxDB up and makes or repairs what is in it. Where that has been done before, all services start
// with it, for nothing is likely to change.
func (s *start) database(ctx context.Context, exact map[string]int) error {
	var err error
	if s.src, err = s.Settings(); err != nil {
		return err
	}
	token, read := s.src.Value(config.InfluxToken).Value, s.src.Value(config.InfluxReadToken).Value
	first := []string{engine.InfluxDB, engine.ToyAPI}
	if token != "" && read != "" && len(s.before.volumes) > 0 {
		first = s.services
	}
	first = slices.DeleteFunc(slices.Clone(first), func(n string) bool { return !slices.Contains(s.services, n) })
	if err := s.up(ctx, first, exact); err != nil {
		return err
	}
	port := s.ports[engine.InfluxDB]
	targets := []gate.Target{answers(engine.InfluxDB, port)}
	for _, n := range first {
		if n != engine.InfluxDB && len(needs[n]) == 0 { // nothing of it will change any more: its end is the start's
			t := answers(n, s.ports[n])
			t.Probe = func(context.Context) error { return nil }
			targets = append(targets, t)
		}
	}
	if err := s.wait(ctx, targets, nil); err != nil {
		return err
	}
	v := func(key string) string { return s.src.Value(key).Value }
	wanted := provision.Wanted{
		URL: local(port), Org: v(config.InfluxOrg), Bucket: v(config.InfluxBucket), Bucket1M: v(config.InfluxBucket1M),
		AdminUser: v(config.InfluxUser), AdminPassword: v(config.InfluxPassword), Token: token, ReadToken: read,
	}
	if wanted.Retention, err = config.ParseRetention(v(config.InfluxRetention)); err != nil {
		return problem.SettingsInvalid(err)
	}
	if wanted.Retention1M, err = config.ParseRetention(v(config.InfluxRetention1M)); err != nil {
		return problem.SettingsInvalid(err)
	}
	got, err := provision.Ensure(ctx, wanted)
	if err != nil {
		return s.notSetUp(ctx, err)
	}
	for _, text := range got.Changed {
		s.p(term.Event{Service: engine.InfluxDB, Text: text})
	}
	var made []config.Setting
	if got.Token != token {
		made = append(made, config.Setting{Key: config.InfluxToken, Value: got.Token})
	}
	if got.ReadToken != read {
		made = append(made, config.Setting{Key: config.InfluxReadToken, Value: got.ReadToken})
	}
	if len(made) == 0 {
		return nil
	}
	return s.Save(made)
}

// notSetUp is why InfluxDB could not be provisioned. When it has ended, or answers no more, that says more than a connection
// that broke.
func (s *start) notSetUp(ctx context.Context, err error) error {
	var p *problem.Problem
	if errors.As(err, &p) {
		return err
	}
	if ended := s.wait(ctx, []gate.Target{answers(engine.InfluxDB, s.ports[engine.InfluxDB])}, nil); ended != nil {
		return ended
	}
	return problem.LabUnhealthy("InfluxDB could not be set up", err.Error(), "")
}
