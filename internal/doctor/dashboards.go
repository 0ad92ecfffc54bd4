package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// datasource is the uid of the lab's own, and these are Grafana's built-in ones.
const datasource = "influxdb"

var builtIn = []string{datasource, "grafana", "-- Grafana --", "-- Mixed --", "-- Dashboard --", "default", ""}

// dashboards reads what is in the lab's folder of dashboards beside its own.
func (p *Patient) dashboards(ctx context.Context) Result {
	if p.Dashboards != nil {
		return p.Dashboards(ctx)
	}
	files, err := linked(p.Home.Dashboards(), p.Home.OwnDashboards())
	if err != nil {
		return of(err)
	}
	if len(files) == 0 {
		return skip("no project has linked any")
	}
	var foreign []string
	var copies []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return of(err)
		}
		var doc any
		if err := json.Unmarshal(b, &doc); err != nil {
			return fails("", fmt.Sprintf("%s is not JSON: %v", f, err), step("take it out of Grafana's folder", "mv "+quoted(f)+" "+quoted(filepath.Join(p.Dir, filepath.Base(f)))))
		}
		if uids := sources(doc); len(uids) > 0 {
			foreign = append(foreign, fmt.Sprintf("%s asks datasource %s, which this Grafana does not have", f, strings.Join(uids, ", ")))
			if st, err := os.Lstat(f); err == nil && st.Mode().IsRegular() {
				copies = append(copies, f)
			}
		}
	}
	if len(foreign) == 0 {
		return pass("%d linked, all of datasource %s", len(files), datasource)
	}
	r := fails("", strings.Join(foreign, "\n"), step("have the lab's copy ask the lab's own datasource", p.mend("dashboards")))
	if len(copies) > 0 {
		r.Repair = &Repair{Say: "set the datasource to " + datasource + " in " + strings.Join(copies, ", "), Do: func(context.Context) (string, error) {
			var err error
			for _, f := range copies {
				err = errors.Join(err, adopt(f))
			}
			return fmt.Sprintf("%d dashboards ask datasource %s now", len(copies), datasource), err
		}}
	}
	return r
}

// linked are the dashboards below a folder but for the lab's own.
func linked(dir, own string) (files []string, err error) {
	if !exists(dir) {
		return nil, nil
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == own:
			return filepath.SkipDir
		case !d.IsDir() && strings.HasSuffix(path, ".json"):
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

// each calls do with every object that a key "datasource" has, and every text that it is.
func each(v any, do func(holder map[string]any, uid string, set func(string))) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			each(one, do)
		}
	case map[string]any:
		switch d := v["datasource"].(type) {
		case string:
			do(v, d, func(uid string) { v["datasource"] = uid })
		case map[string]any:
			if uid, ok := d["uid"].(string); ok {
				do(v, uid, func(uid string) { d["uid"] = uid })
			}
		}
		for _, one := range v {
			each(one, do)
		}
	}
}

// variable is a text that a dashboard's own variable fills in; ${DS_…} are those of an import that never took place.
func variable(uid string) bool {
	return strings.HasPrefix(uid, "$") && !strings.HasPrefix(uid, "${DS_")
}

func sources(doc any) (uids []string) {
	each(doc, func(_ map[string]any, uid string, _ func(string)) {
		if !slices.Contains(builtIn, uid) && !variable(uid) && !slices.Contains(uids, uid) {
			uids = append(uids, uid)
		}
	})
	slices.Sort(uids)
	return uids
}

// adopt sets the lab's datasource wherever another one stands, and replaces the file in one step.
func adopt(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var doc any
	if err := d.Decode(&doc); err != nil {
		return err
	}
	each(doc, func(_ map[string]any, uid string, set func(string)) {
		if !slices.Contains(builtIn, uid) && !variable(uid) {
			set(datasource)
		}
	})
	if b, err = json.MarshalIndent(doc, "", "  "); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", append(b, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
