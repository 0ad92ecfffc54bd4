package dashboards

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ltlab/ltlab/internal/dashboards/lint"
	"github.com/ltlab/ltlab/internal/dashboards/model"
)

// Own is a dashboard in the folder that Grafana watches that no project has linked: somebody put the file there.
type Own struct {
	Path    string
	Away    []string // uids and names of InfluxDBs that the lab's Grafana does not have
	Foreign int      // places that read a datasource of another kind, by the rule of lint; Adopt leaves them as they are
	board   model.Object
}

// ErrOther is JSON that is no dashboard.
var ErrOther = model.ErrOther

// Strangers are the files of dashboards that are neither the lab's nor a link's.
func (r *Registry) Strangers(links []Link) (files []string, err error) {
	copies := map[string]bool{}
	for i := range links {
		for j := range links[i].Boards {
			copies[r.Copy(&links[i], &links[i].Boards[j])] = true
		}
	}
	err = filepath.WalkDir(r.home.Dashboards(), func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case path == r.home.OwnDashboards():
			return filepath.SkipDir
		case !e.IsDir() && strings.HasSuffix(path, ".json") && !copies[path]:
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

// ReadOwn reads such a file. Errors are ErrOther, those of the system, and what is wrong with the JSON.
func ReadOwn(path string) (*Own, error) {
	left := int64(maxAll)
	f, _, err := readFile(path, &left)
	if err != nil {
		return nil, err
	}
	r := newRewriter(f)
	r.board(f.Board)
	o := &Own{Path: path, Away: r.away, board: f.Board}
	o.Foreign = Foreign([]Checked{{Findings: lint.Check(f.Board, lint.World{}, false)}})
	return o, nil
}

// Adopt has the file ask the lab's InfluxDB where it asks another one, as a link's copy does.
func (o *Own) Adopt() error {
	content, err := model.Write(o.board)
	if err != nil {
		return err
	}
	temp := o.Path + ".new"
	if err := os.WriteFile(temp, content, 0o644); err != nil {
		return err
	}
	return errors.Join(os.Chmod(temp, 0o644), os.Rename(temp, o.Path)) // whatever the umask: Grafana's user reads it
}

// Foreign is how many places of dashboards read a datasource that the lab's Grafana does not have.
func Foreign(all []Checked) (n int) {
	for _, c := range all {
		seen := map[int]bool{}
		for _, f := range c.Findings {
			if f.Rule == "datasource" && !seen[f.Place] {
				seen[f.Place] = true
				n++
			}
		}
	}
	return n
}
