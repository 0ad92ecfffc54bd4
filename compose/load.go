package compose

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/ltlab/ltlab/grafana"
	"github.com/ltlab/ltlab/internal/config"
	"github.com/ltlab/ltlab/telegraf"
)

// Values are what one lab puts into the file.
type Values struct {
	Project    string            // Compose's name of the lab, unique on its engine
	Lab, Home  string            // values of LabLabel and HomeLabel
	Env        map[string]string // settings by name, secrets among them; one that is missing or empty has the file's default
	Services   []string          // which services; none: Services
	Ports      map[string]int    // ports on 127.0.0.1 by service; one that is missing is not published
	Dashboards string            // the host's folder that Grafana watches; Grafana's user must be able to read it
	Labels     map[string]string // more labels, for services, volumes and networks

	// Gated is a start that something else than Compose orders and waits for: dependencies are left out, and health checks,
	// of which each is a new process in the container, are as rare as a quiet machine needs them.
	Gated bool
}

// quiet is how often a health check runs in a lab that is gated.
const quiet = types.Duration(30 * time.Second)

// Load is the project that the Compose library brings up: what the file says, with the lab's values, and with every config
// file inline, so that no file of the host is needed but the dashboards' folder. Errors are those of a service that needs a
// secret which Env does not have, and of an unknown service.
func Load(ctx context.Context, v Values) (*types.Project, error) {
	services := v.Services
	if len(services) == 0 {
		services = Services()
	}
	env := types.Mapping{}
	for name, value := range v.Env {
		if value != "" {
			env[name] = value
		}
	}
	if v.Dashboards != "" {
		env["LTLAB_DASHBOARDS"] = v.Dashboards
	}
	p, err := loader.LoadWithContext(ctx, types.ConfigDetails{
		WorkingDir: v.Home, ConfigFiles: []types.ConfigFile{{Filename: "compose.yaml", Content: []byte(File)}}, Environment: env,
	}, func(o *loader.Options) { o.SetProjectName(v.Project, true) })
	if err != nil {
		return nil, err
	}
	p.ComposeFiles = nil // it has none on the disk
	if p, err = p.WithSelectedServices(services, types.IgnoreDependencies); err != nil {
		return nil, err
	}
	p = p.WithoutUnnecessaryResources()
	inline(p, env)
	for name, s := range p.Services {
		if err := v.complete(p, &s, env); err != nil {
			return nil, err
		}
		p.Services[name] = s
	}
	for name, vol := range p.Volumes {
		vol.Labels = v.labels(vol.Labels)
		p.Volumes[name] = vol
	}
	for name, n := range p.Networks {
		n.Labels = v.labels(n.Labels)
		p.Networks[name] = n
	}
	return p, nil
}

// inline puts the files' content, with the lab's settings in it, in the place of their paths.
func inline(p *types.Project, env types.Mapping) {
	content := map[string]string{
		"telegraf": telegraf.Config(telegraf.Settings{
			Org: env[config.InfluxOrg], Bucket: env[config.InfluxBucket], Scrape: urls(env[config.ScrapeURLs]),
		}),
		"grafana-datasource": grafana.Datasource(env[config.InfluxReadToken]),
		"grafana-dashboards": grafana.Dashboards(),
	}
	for name, c := range p.Configs {
		c.File, c.Content = "", content[name]
		p.Configs[name] = c
	}
}

// urls reads a list with commas between.
func urls(list string) (out []string) {
	for _, url := range strings.Split(list, ",") {
		if url = strings.TrimSpace(url); url != "" {
			out = append(out, url)
		}
	}
	return out
}

// complete adds to a service what is the lab's.
func (v Values) complete(p *types.Project, s *types.ServiceConfig, env types.Mapping) error {
	for _, port := range Ports() {
		if host := v.Ports[s.Name]; port.Service == s.Name && host != 0 {
			s.Ports = []types.ServicePortConfig{{
				Mode: "ingress", HostIP: "127.0.0.1", Target: uint32(port.Container), Published: strconv.Itoa(host), Protocol: port.Protocol,
			}}
		}
	}
	if v.Gated {
		s.DependsOn = nil
		if s.HealthCheck != nil {
			interval := quiet
			s.HealthCheck.Interval = &interval
		}
	}
	s.Labels = v.labels(s.Labels)
	mark := hmac.New(sha256.New, []byte(env[config.InfluxToken]))
	add := func(name, content string) { fmt.Fprintf(mark, "%s %d %s\n", name, len(content), content) }
	for _, use := range s.Configs {
		add(use.Target, p.Configs[use.Source].Content)
	}
	for _, use := range s.Secrets {
		name := p.Secrets[use.Source].Environment
		if env[name] == "" {
			return fmt.Errorf("%s needs the setting %s, which has no value", s.Name, name)
		}
		add(use.Source, env[name])
	}
	if len(s.Configs)+len(s.Secrets) > 0 {
		// Compose makes a container anew when its labels change, and not when its files do. The key, a random token, keeps
		// anybody who may read labels from trying out passwords.
		s.Labels[FilesLabel] = hex.EncodeToString(mark.Sum(nil)[:8])
	}
	// What Compose's own loader sets and its library relies on.
	s.CustomLabels = types.Labels{
		"com.docker.compose.project":              p.Name,
		"com.docker.compose.service":              s.Name,
		"com.docker.compose.project.working_dir":  p.WorkingDir,
		"com.docker.compose.project.config_files": "",
		"com.docker.compose.oneoff":               "False",
	}
	return nil
}

func (v Values) labels(have types.Labels) types.Labels {
	all := types.Labels{}
	maps.Copy(all, have)
	maps.Copy(all, v.Labels)
	all[LabLabel], all[HomeLabel] = v.Lab, v.Home
	return all
}
