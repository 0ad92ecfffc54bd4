package compose

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/ltlab/ltlab/internal/config"
)

// secrets are what no container may show.
var secrets = map[string]string{
	config.InfluxToken:     "write-token-0123456789",
	config.InfluxReadToken: "read-token-0123456789",
	config.GrafanaPassword: `p$HOME${HOME}$$ "q'`,
	config.InfluxPassword:  "influx-password",
}

func lab(change func(*Values)) Values {
	v := Values{Project: "ltlab-test", Lab: "test", Home: "/home/me/lab", Env: maps.Clone(secrets), Dashboards: "/home/me/lab/dash:boards $1",
		Ports: map[string]int{InfluxDB: 8087, Grafana: 3081, Telegraf: 8125, ToyAPI: 5081}}
	if change != nil {
		change(&v)
	}
	return v
}

func load(t *testing.T, change func(*Values)) *types.Project {
	t.Helper()
	p, err := Load(context.Background(), lab(change))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func every(p *types.Project) map[string]types.ServiceConfig {
	all := map[string]types.ServiceConfig{}
	maps.Copy(all, p.Services)
	maps.Copy(all, p.DisabledServices)
	return all
}

func TestEveryImageIsTheSettingThatNamesIt(t *testing.T) {
	settings := map[string]string{InfluxDB: config.ImageInflux, Telegraf: config.ImageTelegraf, Grafana: config.ImageGrafana,
		ToyAPI: config.ImageToyAPI, K6: config.ImageK6, Artillery: config.ImageArtillery}
	defaults := every(load(t, nil))
	changed := every(load(t, func(v *Values) {
		for service, setting := range settings {
			v.Env[setting] = "registry.test/" + service + ":9"
		}
	}))
	if len(defaults) != len(settings) {
		t.Errorf("services %v", slices.Sorted(maps.Keys(defaults)))
	}
	for service, setting := range settings {
		k, err := config.FindKey(setting)
		if err != nil {
			t.Fatal(err)
		}
		if got := defaults[service].Image; got != k.Default {
			t.Errorf("%s is %q, and %s has the default %q", service, got, setting, k.Default)
		}
		if got, want := changed[service].Image, "registry.test/"+service+":9"; got != want {
			t.Errorf("%s is %q, want what %s says, %q", service, got, setting, want)
		}
	}
}

func TestEveryDefaultInTheFileIsTheSettings(t *testing.T) {
	for _, k := range config.Keys() {
		if want := "${" + k.Name + ":-" + k.Default + "}"; strings.Contains(File, "${"+k.Name+":-") && k.Default != "" && !strings.Contains(File, want) {
			t.Errorf("the file has another default than %s", want)
		}
	}
}

func TestPortsArePublishedOn127001AndNowhereElse(t *testing.T) {
	p := load(t, func(v *Values) { delete(v.Ports, ToyAPI) })
	want := map[string]string{InfluxDB: "8087:8086/tcp", Grafana: "3081:3000/tcp", Telegraf: "8125:8125/udp"}
	for name, s := range p.Services {
		var got []string
		for _, port := range s.Ports {
			if port.HostIP != "127.0.0.1" {
				t.Errorf("%s is published on %q", name, port.HostIP)
			}
			got = append(got, port.Published+":"+itoa(port.Target)+"/"+port.Protocol)
		}
		if strings.Join(got, " ") != want[name] {
			t.Errorf("%s has ports %v, want %s", name, got, want[name])
		}
	}
}

func itoa(n uint32) string { b, _ := json.Marshal(n); return string(b) }

func TestNoSecretIsInWhatDockerInspectShows(t *testing.T) {
	for name, s := range every(load(t, nil)) {
		shown, err := json.Marshal(s) // configs and secrets are named in it, and their contents are not
		if err != nil {
			t.Fatal(err)
		}
		custom, err := json.Marshal(s.CustomLabels)
		if err != nil {
			t.Fatal(err)
		}
		for setting, secret := range secrets {
			quoted, err := json.Marshal(secret)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(shown)+string(custom), strings.Trim(string(quoted), `"`)) {
				t.Errorf("%s shows %s", name, setting)
			}
		}
	}
}

func TestASecretIsTakenAsItIs(t *testing.T) {
	p := load(t, nil)
	for _, s := range p.Secrets {
		if s.Environment == "" || p.Environment[s.Environment] != secrets[s.Environment] || s.File != "" {
			t.Errorf("secret %s: %q from %s %s", s.Name, p.Environment[s.Environment], s.Environment, s.File)
		}
	}
	if len(p.Secrets) != 3 {
		t.Errorf("%d secrets, want 3", len(p.Secrets))
	}
}

func TestAServiceWithoutItsSecretIsRefused(t *testing.T) {
	_, err := Load(context.Background(), lab(func(v *Values) { v.Env[config.InfluxToken] = "" }))
	if err == nil || !strings.Contains(err.Error(), "telegraf needs the setting INFLUXDB_TOKEN") {
		t.Errorf("got %v", err)
	}
	if p := load(t, func(v *Values) { v.Env, v.Services = nil, []string{InfluxDB} }); len(p.Services) != 1 {
		t.Errorf("InfluxDB alone, which needs no secret: %v", p.ServiceNames())
	}
}

func TestAPartOfTheLabBringsNothingThatItDoesNotUse(t *testing.T) {
	p := load(t, func(v *Values) { v.Services = []string{Telegraf, ToyAPI} })
	if got := p.ServiceNames(); !slices.Equal(got, []string{Telegraf, ToyAPI}) {
		t.Errorf("services %v", got)
	}
	if len(p.Volumes) != 0 || len(p.Secrets) != 1 || len(p.Configs) != 1 {
		t.Errorf("volumes %v, secrets %v, configs %v", p.Volumes, p.Secrets, p.Configs)
	}
	if _, err := Load(context.Background(), lab(func(v *Values) { v.Services = []string{"grafna"} })); err == nil {
		t.Error("an unknown service was taken")
	}
}

func TestEverythingHasTheLabsLabels(t *testing.T) {
	p := load(t, func(v *Values) { v.Labels = map[string]string{"io.ltlab.port": "1"} })
	check := func(what string, l types.Labels) {
		if l[LabLabel] != "test" || l[HomeLabel] != "/home/me/lab" || l["io.ltlab.port"] != "1" {
			t.Errorf("%s has labels %v", what, l)
		}
	}
	for name, s := range p.Services {
		check(name, s.Labels)
		if s.CustomLabels["com.docker.compose.project"] != "ltlab-test" || s.CustomLabels["com.docker.compose.service"] != name {
			t.Errorf("%s has Compose's labels %v", name, s.CustomLabels)
		}
	}
	for name, v := range p.Volumes {
		check("volume "+name, v.Labels)
	}
	for name, n := range p.Networks {
		check("network "+name, n.Labels)
	}
	if len(p.Volumes) != 3 || len(p.Networks) != 1 {
		t.Errorf("%d volumes, want 3, and %d networks, want 1", len(p.Volumes), len(p.Networks))
	}
}

func TestAChangedFileOrSecretChangesTheLabelOfItsServicesAlone(t *testing.T) {
	before := load(t, nil)
	for change, want := range map[string][]string{
		config.ScrapeURLs:      {Telegraf},
		config.InfluxReadToken: {Grafana},
		config.GrafanaPassword: {Grafana},
		config.InfluxPassword:  nil,
	} {
		after := load(t, func(v *Values) { v.Env[change] = "http://host.docker.internal:9100/metrics" })
		var got []string
		for name, s := range after.Services {
			if s.Labels[FilesLabel] != before.Services[name].Labels[FilesLabel] {
				got = append(got, name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("a new %s changes %v, want %v", change, got, want)
		}
	}
}

func TestConfigFilesAreInline(t *testing.T) {
	p := load(t, func(v *Values) {
		v.Env[config.InfluxOrg] = `ac"me $HOME`
		v.Env[config.ScrapeURLs] = "http://a.test/metrics, http://b.test/m"
	})
	if len(p.Configs) != 3 {
		t.Errorf("%d configs, want 3", len(p.Configs))
	}
	for name, c := range p.Configs {
		if c.File != "" || c.Content == "" {
			t.Errorf("%s: file %q, %d bytes", name, c.File, len(c.Content))
		}
	}
	for _, want := range []string{`organization = "ac\"me $$HOME"`, `urls = ["http://a.test/metrics", "http://b.test/m"]`} {
		if !strings.Contains(p.Configs["telegraf"].Content, want) {
			t.Errorf("telegraf.conf lacks %s", want)
		}
	}
}

func TestOnlyTheDashboardsAreAFolderOfTheHost(t *testing.T) {
	for name, s := range load(t, nil).Services {
		for _, v := range s.Volumes {
			if v.Type == types.VolumeTypeVolume {
				continue
			}
			if name != Grafana || v.Type != types.VolumeTypeBind || v.Source != "/home/me/lab/dash:boards $1" || !v.ReadOnly {
				t.Errorf("%s mounts %+v", name, v)
			}
		}
		if s.ContainerName != "" || s.Privileged || s.NetworkMode != "" {
			t.Errorf("%s has a fixed name, privileges or a network mode", name)
		}
	}
}

func TestOurOwnImagesRunWithoutRights(t *testing.T) {
	for name, s := range every(load(t, nil)) {
		if name != ToyAPI && name != K6 && name != Artillery {
			continue
		}
		if s.User != "65532:65532" || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s runs as %q with %v", name, s.User, s.SecurityOpt)
		}
	}
}

func TestEveryServiceHasAHealthCheckAndALimitedLog(t *testing.T) {
	gated, ordered := load(t, func(v *Values) { v.Gated = true }), load(t, nil)
	for _, name := range Services() {
		s := ordered.Services[name]
		if s.HealthCheck == nil || len(s.HealthCheck.Test) < 2 || s.Logging == nil || s.Logging.Options["max-size"] == "" {
			t.Errorf("%s: health check %v, log %v", name, s.HealthCheck, s.Logging)
		}
		g := gated.Services[name]
		if len(g.DependsOn) != 0 || *g.HealthCheck.Interval <= *s.HealthCheck.Interval {
			t.Errorf("%s, gated: waits for %v, checked every %s", name, g.DependsOn, g.HealthCheck.Interval)
		}
	}
	for _, name := range []string{Telegraf, Grafana} {
		if ordered.Services[name].DependsOn[InfluxDB].Condition != types.ServiceConditionHealthy {
			t.Errorf("%s does not wait for a healthy InfluxDB", name)
		}
	}
}
