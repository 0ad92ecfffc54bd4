package report

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	_ "embed" // the page's own style and script
	"encoding/base64"
	"fmt"
	"html"
	"html/template"
	"net/url"

	"github.com/ltlab/ltlab/internal/boards"
	"github.com/ltlab/ltlab/internal/store"
	"github.com/ltlab/ltlab/internal/web"
	"github.com/ltlab/ltlab/internal/web/figure"
)

//go:embed report.css
var style []byte

//go:embed report.js
var script []byte

//go:embed summary.html
var summaryText string

var summary = template.Must(template.New("summary").Funcs(template.FuncMap{
	"short": short, "number": number, "iso": iso, "started": started, "verdict": word, "level": level,
}).Parse(summaryText))

// HTML is the runs as one page that needs nothing else: a summary, and every board of each run as the browser shows it. The
// boards are compressed in it, and the page may load nothing and run no script but its own.
func HTML(ctx context.Context, runs []Run, src web.Store) ([]byte, error) {
	p := page{Runs: runs, Names: names(runs), Sheets: map[string]string{}}
	sheets := web.NewSheets(src)
	for i := range runs {
		if runs[i].Board != nil {
			if err := p.draw(ctx, sheets, i); err != nil {
				return nil, err
			}
		}
	}
	return p.write()
}

// page is the summary, with the sheets behind it.
type page struct {
	Runs   []Run
	Names  []string
	Sheets map[string]string // the first sheet of a run, by its id
	packed bytes.Buffer
}

// Anchor is a sheet's name in the page.
func anchor(run, board string) string { return url.PathEscape(run) + "/" + board }

// draw adds the boards of a run.
func (p *page) draw(ctx context.Context, sheets *web.Sheets, i int) error {
	run := *p.Runs[i].Board
	other := p.other(i)
	var all []boards.Board
	for _, b := range boards.Of(run.Tool) {
		if other != nil || !figure.Compares(&b) {
			all = append(all, b)
		}
	}
	for k := range all {
		links := []web.Link{{Name: "Summary", Address: "#"}}
		for j := range all {
			links = append(links, web.Link{Name: all[j].Title, Address: "#" + anchor(run.ID, all[j].ID), Current: j == k})
		}
		otherAt := ""
		if other != nil {
			otherAt = "#" + anchor(other.ID, boards.For(other.Tool).ID)
		}
		drawn, err := sheets.Draw(ctx, run, &all[k], other, otherAt, links)
		if err != nil {
			return err
		}
		if err := p.pack(anchor(run.ID, all[k].ID), drawn); err != nil {
			return err
		}
	}
	p.Sheets[run.ID] = "#" + anchor(run.ID, boards.For(run.Tool).ID)
	return nil
}

// other is the run that one is compared with: the first of the report, and for that one the second.
func (p *page) other(i int) *store.Run {
	for j := range p.Runs {
		if j != i && p.Runs[j].Board != nil {
			return p.Runs[j].Board
		}
	}
	return nil
}

// pack compresses a sheet. Base64 has no character that means anything in HTML.
func (p *page) pack(name string, sheet []byte) error {
	fmt.Fprintf(&p.packed, "<template data-sheet=\"%s\">", html.EscapeString(name))
	text := base64.NewEncoder(base64.StdEncoding, &p.packed)
	w, err := gzip.NewWriterLevel(text, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(sheet); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := text.Close(); err != nil {
		return err
	}
	p.packed.WriteString("</template>\n")
	return nil
}

// write puts the page together.
func (p *page) write() ([]byte, error) {
	css := append(append([]byte("\n"), web.Style()...), style...)
	js := append(append([]byte("\n"), web.Script()...), script...)
	icon := "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(web.Icon())
	policy := fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; base-uri 'none'; form-action 'none'", hash(css), hash(js))
	title := "report"
	if len(p.Runs) == 1 {
		title = short(p.Runs[0].Scenario, 80)
	} else if len(p.Runs) > 1 {
		title = fmt.Sprintf("%d runs", len(p.Runs))
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n", policy)
	out.WriteString("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n")
	fmt.Fprintf(&out, "<title>%s · ltlab</title>\n<link rel=\"icon\" href=\"%s\">\n<style>%s</style>\n</head>\n<body>\n", html.EscapeString(clean(title)), icon, css)
	if err := summary.Execute(&out, p); err != nil {
		return nil, err
	}
	out.Write(p.packed.Bytes())
	fmt.Fprintf(&out, "<script>%s</script>\n</body>\n</html>\n", js)
	return out.Bytes(), nil
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
