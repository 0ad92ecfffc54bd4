package dashboards

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ltlab/ltlab/internal/dashboards/model"
)

// nested is how deep library panels may lie in each other.
const nested = 20

// inline puts library panels that came with the dashboard in the places where it names them: Grafana has no library of them
// when it reads files. It is an error when that has no end, or gives more than a dashboard may have.
func inline(board, elements model.Object) error {
	in := &inliner{elements: elements, left: MaxFile}
	if err := in.within(board, nil); err != nil {
		return err
	}
	if in.left < 0 {
		return fmt.Errorf("with its library panels in their places it has more than %d MB; a dashboard has at most that", MaxFile>>20)
	}
	return nil
}

type inliner struct {
	elements model.Object
	left     int // about how many bytes may still be put in
}

// within puts library panels into what lies in an object, which itself lies in those of a chain.
func (in *inliner) within(o model.Object, chain []string) error {
	for _, p := range model.Within(o) {
		around := chain
		if ref, ok := p["libraryPanel"].(model.Object); ok && in.left >= 0 {
			uid := model.Text(ref, "uid")
			element, known := in.elements[uid].(model.Object)
			if around = append(slices.Clip(chain), uid); known && (slices.Contains(chain, uid) || len(around) > nested) {
				return fmt.Errorf("its library panels lie in each other without an end: %q", strings.Join(around, " holds "))
			}
			in.panel(p, ref, element)
		}
		if err := in.within(p, around); err != nil {
			return err
		}
	}
	return nil
}

func (in *inliner) panel(p, ref, element model.Object) {
	from, _ := element["model"].(model.Object)
	if from == nil {
		from, _ = ref["model"].(model.Object) // older exports have it here
	}
	for key, value := range from {
		if p[key] == nil && key != "libraryPanel" || !slices.Contains([]string{"id", "gridPos", "title", "libraryPanel"}, key) {
			p[key] = in.clone(value)
		}
	}
	if p["type"] != nil && p["type"] != "library-panel-ref" && (from != nil || len(model.Targets(p)) > 0) { // else lint says what is missing
		delete(p, "libraryPanel")
	}
}

// clone keeps two panels of one library panel from sharing their parts.
func (in *inliner) clone(v any) any {
	in.left -= 8
	if in.left < 0 {
		return nil
	}
	switch v := v.(type) {
	case string:
		in.left -= len(v)
	case model.Object:
		out := make(model.Object, len(v))
		for key := range v {
			in.left -= len(key)
			out[key] = in.clone(v[key])
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = in.clone(v[i])
		}
		return out
	}
	return v
}
