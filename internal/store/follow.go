package store

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// batchBytes is how much of a record goes into one transaction, so that two runs never wait long for each other.
const batchBytes = 4 << 20

// Follow takes one run from its record into the store while the record grows. A new Follow of a run begins anew, and an
// older one, in this process or another, then ends with ErrTaken. A Follow is used by one goroutine.
type Follow struct {
	folder record.Folder
	gone   bool  // nobody writes the record any more: without an end the run was interrupted
	seen   int64 // size of the record that is in the store, in bytes; 0: not known
	out    *writer

	run    record.Run // what run.ndjson says
	log    *record.RunTail
	runBad bool
	infra  *rows.Infra
	early  []record.Infra // samples from before the header, which says where second 0 is

	tail    *record.Tail
	toolBad bool
	builder *rows.Builder
	header  record.Header
	end     *record.End
	notes   []record.Note
	seconds int64
	span    record.Span
}

// NewFollow returns a Follow of the run in that folder. It does nothing before its first Step.
func (s *Store) NewFollow(folder record.Folder) *Follow {
	b := rows.NewBuilder()
	return &Follow{folder: folder, builder: b, infra: rows.NewInfra(b), out: newWriter(s)}
}

// Step takes what is new in the record and brings the run's rows up to date; done says that the run has ended and all of
// it is in the store. After an error of the store (ErrFull, ErrDamaged, ErrTaken or another) a later Step tries again
// what failed. A run enters the store with its record's header or its end. An error of the record (*record.CorruptError, *record.VersionError or another) is returned once: the rows
// up to there are kept, with a note, and later Steps only look for the run's end.
func (f *Follow) Step(ctx context.Context) (done bool, err error) {
	if f.out.done {
		return true, nil
	}
	if f.out.dirty {
		if err := f.out.commit(ctx); err != nil {
			return false, err
		}
	}
	size := f.folder.Size()
	if size > 0 && size == f.seen {
		return false, nil
	}
	f.seen = 0
	unreadable := f.readRun() // before the tool's file, which is then whole when the run has ended
	more := true
	for more && unreadable == nil {
		if more, unreadable = f.readTool(); more {
			f.out.state(f.state(), 0)
			if err := f.out.commit(ctx); err != nil {
				return false, err
			}
		}
	}
	if unreadable != nil {
		f.notes = append(f.notes, record.Note{T: f.seconds, ID: "record-unreadable", Text: unreadable.Error()})
	}
	state := f.state()
	whole := size
	if done = state.State != Running; done {
		f.out.put(f.builder.Finish())
	} else {
		f.out.put(f.builder.Running())
		whole = 0
	}
	if f.header.Period == 0 && !done { // no header: a script that fails in its init leaves no run
		return false, unreadable
	}
	f.out.spectra = f.builder.Spectra()
	f.out.state(state, whole)
	if err := f.out.commit(ctx); err != nil {
		return false, errors.Join(err, unreadable)
	}
	f.seen = size
	if done {
		f.Close()
		f.out.done = true
	}
	return done, unreadable
}

// Close lets go of the record; a Step that is done has closed it.
func (f *Follow) Close() {
	if f.tail != nil {
		f.tail.Close()
		f.tail = nil
	}
	if f.log != nil {
		f.log.Close()
		f.log = nil
	}
}

// readRun reads on in run.ndjson. A missing file is an empty one.
func (f *Follow) readRun() (err error) {
	if f.runBad {
		return nil
	}
	if f.log == nil {
		if f.log, err = record.OpenRunTail(f.folder.Run()); err != nil {
			f.log = nil
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			f.runBad = true
			return err
		}
	}
	err = f.log.Each(f.takeRun)
	f.runBad = err != nil
	return err
}

func (f *Follow) takeRun(l record.RunLine) {
	f.run.Take(l)
	switch {
	case l.Source != nil:
		f.infra.Declare(*l.Source)
	case l.Infra != nil && f.header.Period == 0:
		f.early = append(f.early, *l.Infra)
	case l.Infra != nil:
		f.sample(l.Infra)
	}
}

// sample puts what sources used into its second of the tool's clock; what was before there was one is left out.
func (f *Follow) sample(s *record.Infra) {
	if f.run.Start == nil {
		return
	}
	if t := rows.InfraSecond(s, f.run.Start.Time, f.header.Start); t >= 0 {
		f.out.putInfra(f.infra.Second(t, s))
	}
}

// readTool reads on in tool.ndjson, at most about batchBytes; more says that there was more. A missing file is an empty
// one.
func (f *Follow) readTool() (more bool, err error) {
	if f.toolBad {
		return false, nil
	}
	if f.tail == nil {
		if f.tail, err = record.OpenTail(f.folder.Tool()); err != nil {
			f.tail = nil
			if errors.Is(err, fs.ErrNotExist) {
				return false, nil
			}
			f.toolBad = true
			return false, err
		}
	}
	for until := f.tail.Offset() + batchBytes; f.tail.Offset() < until; {
		line, err := f.tail.Next()
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err == nil {
			err = f.take(line)
		}
		if err != nil {
			f.toolBad = true
			return false, err
		}
	}
	return true, nil
}

func (f *Follow) take(l record.ToolLine) error {
	switch {
	case l.Header != nil:
		f.header = *l.Header
		f.header.Period = max(f.header.Period, 1)
		for i := range f.early {
			f.sample(&f.early[i])
		}
		f.early = nil
	case l.Second != nil && !l.Second.Unplaced:
		f.seconds = max(f.seconds, l.Second.T+int64(f.header.Period))
	case l.Load != nil:
		f.out.load.put(l.Load.T, encodeLoad(l.Load))
	case l.Note != nil:
		f.notes = append(f.notes, *l.Note)
	case l.End != nil:
		f.end = l.End
	}
	f.span.Add(l)
	changed, err := f.builder.Apply(l)
	f.out.put(changed)
	return err
}

// state is what is known of the run so far.
func (f *Follow) state() Run {
	r := Run{ID: f.folder.ID(), Tool: f.header.Tool, Start: f.header.Start, Seconds: f.seconds, Span: f.span.Seconds(),
		Period: int64(f.header.Period), State: Running, Notes: f.notes}
	if s := f.run.Start; s != nil {
		r.Tool, r.Project, r.Scenario, r.Engine, r.Target = s.Tool, s.Project, s.Scenario.Name, s.Engine, s.Target
		if r.Start.IsZero() {
			r.Start = s.Time
		}
	}
	if f.end != nil {
		r.Ledger, r.Limits = &f.end.Ledger, f.end.Thresholds
	}
	switch e := f.run.End; {
	case e != nil:
		r.State, r.Exit, r.Warnings, r.Ledger = Finished, e.Exit, e.Warnings, &e.Ledger
		if e.Interrupted {
			r.State = Interrupted
		}
	case f.gone || f.runBad:
		r.State = Interrupted
	}
	return r
}
