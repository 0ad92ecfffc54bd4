package figure

import "github.com/ltlab/ltlab/internal/boards"

// shade notes the times within the grid at which one of the board's shades holds. A step counts when any of its seconds
// does, as its value is the largest of them.
func (r *reader) shade(f *Figure, g Grid, shades []boards.Shade) error {
	var holds []bool
	for i := range shades {
		series, err := r.series(&shades[i].Query)
		if err != nil {
			return err
		}
		for _, s := range series {
			for j, v := range Thin(s.Points, g) {
				for len(holds) <= j {
					holds = append(holds, false)
				}
				holds[j] = holds[j] || float64(v) >= shades[i].At
			}
		}
	}
	for i, hold := range holds {
		at := g.Start + int64(i)*g.Step
		switch last := len(f.Shade) - 1; {
		case !hold:
		case last >= 0 && f.Shade[last].To == at:
			f.Shade[last].To += g.Step
		default:
			f.Shade = append(f.Shade, Span{at, at + g.Step})
		}
	}
	if len(f.Shade) > 0 && f.Panel.Shaded != "" {
		f.note(f.Panel.Shaded)
	}
	return nil
}
