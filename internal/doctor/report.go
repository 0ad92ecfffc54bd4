package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/internal/record"
)

// How much of logs and runs is in a report.
const (
	logLines = 300
	lastRuns = 3
)

// setting is a value with its origin, for a report.
type setting struct {
	Key    string        `json:"key"`
	Value  string        `json:"value"` // masked
	Origin config.Origin `json:"origin"`
}

// Report fills an archive with what somebody who helps would ask for. What cannot be had is said there in its place.
func (p *Patient) Report(ctx context.Context, a *Archive, document any, versions map[string]string) error {
	if err := a.JSON("doctor.json", document); err != nil {
		return err
	}
	if m, err := p.Docker.Machine(ctx); err == nil {
		versions["docker"], versions["docker_api"] = m.Engine, m.API
	}
	if _, text, err := p.k6Text(ctx); err == nil {
		versions["ltlab-k6"] = strings.Join(strings.Fields(text), " ")
	}
	if t, err := p.Artillery(ctx); err == nil {
		versions["artillery"], versions["node"] = t.Version, t.NodeVersion
	}
	if err := a.JSON("versions.json", versions); err != nil {
		return err
	}
	if err := p.reportSettings(a); err != nil {
		return err
	}
	if err := p.reportLogs(ctx, a); err != nil {
		return err
	}
	return p.reportRuns(a)
}

func (p *Patient) reportSettings(a *Archive) error {
	s, err := p.Settings()
	if err != nil {
		return a.Text("config.txt", err.Error())
	}
	var all []setting
	for _, v := range s.All() {
		all = append(all, setting{v.Key.Name, v.Masked(), v.Origin})
	}
	return a.JSON("config.json", all)
}

func (p *Patient) reportLogs(ctx context.Context, a *Archive) error {
	if tail := lastLines(p.Home.Log(), logLines); tail != "" {
		if err := a.Text("logs/serve.log", tail); err != nil {
			return err
		}
	}
	conditions, err := p.Docker.Conditions(ctx)
	if err != nil || len(conditions) == 0 {
		return nil // no engine, or nothing on it
	}
	ports := map[string]int{}
	for _, c := range conditions {
		if c.Port != 0 {
			ports[c.Service] = c.Port
		}
		if err := a.Text("logs/"+c.Service+".log", ending(p.Docker.Tail(ctx, c.Service, logLines))); err != nil {
			return err
		}
	}
	if err := a.JSON("containers.json", conditions); err != nil {
		return err
	}
	file, err := p.Docker.ComposeFile(ctx, ports)
	if err != nil {
		return a.Text("compose.txt", err.Error())
	}
	return a.Text("compose.yaml", string(file))
}

// reportRuns adds how the last runs began and ended, in their own words; samples are not in it.
func (p *Patient) reportRuns(a *Archive) error {
	all, err := p.Home.Runs().List()
	if err != nil {
		return a.Text("runs.txt", err.Error())
	}
	slices.SortFunc(all, func(x, y record.Folder) int { return strings.Compare(y.ID(), x.ID()) })
	for _, f := range all[:min(len(all), lastRuns)] {
		var lines []any
		for line := range strings.Lines(bounds(f.Run())) {
			var v map[string]any
			if json.Unmarshal([]byte(line), &v) == nil && v["infra"] == nil {
				lines = append(lines, v)
			}
		}
		if len(lines) > 40 { // its seconds of the machine
			lines = append(lines[:20:20], lines[len(lines)-20:]...)
		}
		if err := a.JSON(fmt.Sprintf("runs/%s.json", filepath.Base(string(f))), lines); err != nil {
			return err
		}
		if tail := head(f.Tool(), 1); tail != "" {
			var v any
			if json.Unmarshal([]byte(tail), &v) == nil {
				if err := a.JSON(fmt.Sprintf("runs/%s-tool.json", filepath.Base(string(f))), v); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
