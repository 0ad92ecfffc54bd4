package dashboards

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const mixed = `{"uid": "a", "title": "A", "templating": {"list": [{"name": "ds", "type": "datasource", "query": "influxdb"}]}, "panels": [
	{"id": 1, "type": "stat", "datasource": {"type": "influxdb", "uid": "P951"}, "targets": [{"refId": "A", "query": "x"}]},
	{"id": 2, "type": "stat", "datasource": {"type": "influxdb", "uid": "${ds}"}, "targets": [{"refId": "A", "query": "x"}]},
	{"id": 3, "type": "stat", "datasource": "InfluxDB", "targets": [{"refId": "A", "query": "x"}]},
	{"id": 4, "type": "stat", "datasource": {"type": "prometheus", "uid": "PBFA"}, "targets": [{"refId": "A", "datasource": {"type": "prometheus", "uid": "PBFA"}, "expr": "up"}]}]}`

func TestAFileThatNobodyLinkedIsAdoptedByTheRuleOfCopies(t *testing.T) {
	f := newFixture(t)
	f.write(map[string]string{"p/a.json": mixed, "home/dashboards/mine/own.json": mixed, "home/dashboards/ltlab/k6.json": mixed})
	f.link("p")
	links, err := f.Links()
	if err != nil {
		t.Fatal(err)
	}
	files, err := f.Strangers(links)
	own := filepath.Join(f.dir, "home/dashboards/mine/own.json")
	if err != nil || !slices.Equal(files, []string{own}) {
		t.Fatalf("%v, %v", files, err)
	}
	o, err := ReadOwn(own)
	if err != nil || !slices.Equal(o.Away, []string{"P951"}) || o.Foreign != 1 {
		t.Fatalf("%v, %+v", err, o)
	}
	if err := o.Adopt(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(own)
	if err != nil || strings.Contains(string(b), "P951") || !strings.Contains(string(b), `"uid": "PBFA"`) || !strings.Contains(string(b), `"uid": "a"`) {
		t.Errorf("%v, adopted it is\n%s", err, b)
	}
	if o, err := ReadOwn(own); err != nil || len(o.Away) != 0 || o.Foreign != 1 {
		t.Errorf("%v, then it is %+v", err, o)
	}
}

func TestACopyThatIsGoneOrChangedIsLost(t *testing.T) {
	f := newFixture(t)
	f.write(map[string]string{"p/a.json": simpleBoard("a", "A"), "p/b.json": simpleBoard("b", "B"), "p/c.json": simpleBoard("c", "C")})
	l := f.link("p")[0].Link
	if lost := f.Lost(&l); len(lost) != 0 {
		t.Fatalf("of new ones %v", lost)
	}
	if err := os.Remove(f.Copy(&l, &l.Boards[0])); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Copy(&l, &l.Boards[2]), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if lost := f.Lost(&l); !slices.Equal(lost, []string{"A", "C"}) {
		t.Errorf("lost are %v", lost)
	}
	if state, _, _ := f.Look(&l, world); state != Changed {
		t.Errorf("it is %s", state)
	}
}

func TestALibraryPanelThatIsNotInTheFileIsSaidToBeOne(t *testing.T) {
	f := newFixture(t)
	f.write(map[string]string{"p/a.json": `{"uid": "a", "title": "A", "panels": [{"id": 1, "type": "timeseries", "title": "p", "libraryPanel": {"uid": "x", "name": "lib"}},
		{"id": 2, "type": "stat", "title": "kept", "libraryPanel": {"uid": "y", "name": "old"}, "targets": [{"refId": "A", "query": "from(bucket: \"loadtests\") |> range(start: -1h)"}]}]}`})
	checked := f.link("p")[0].Checked
	if len(checked) != 1 || len(checked[0].Findings) != 1 || checked[0].Findings[0].Rule != "library-panel" {
		t.Errorf("found %+v", checked)
	}
}
