package influx

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/ltlab/ltlab/internal/record"
	"github.com/ltlab/ltlab/internal/rows"
)

// log brings into InfluxDB what ltlab saw of a run and its tool does not know: what sources used, and events. It reads
// run.ndjson, growing or finished, and no further while InfluxDB does not answer.
type log struct {
	folder record.Folder
	to     *Sender

	tail   *record.RunTail // nil before the tool's record has begun, which says where second 0 is
	header record.Header
	start  *record.RunStart
	infra  *rows.Infra
	points points
	broken error // why the file makes no sense from there on

	queue
}

func newLog(folder record.Folder, to *Sender) *log {
	return &log{folder: folder, to: to, infra: rows.NewInfra(rows.NewBuilder()), queue: newQueue(&to.target)}
}

// step writes what is new. Its errors are those of Push.Step.
func (l *log) step(ctx context.Context) error {
	if err := l.flush(ctx, l.to); err != nil {
		return err
	}
	if l.broken == nil && l.tail == nil {
		l.broken = l.open()
	}
	for l.broken == nil && l.tail != nil {
		line, err := l.tail.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if l.broken = err; err == nil {
			l.take(&line)
		}
		if l.full() {
			if err := l.flush(ctx, l.to); err != nil {
				return err
			}
		}
	}
	return errors.Join(l.broken, l.flush(ctx, l.to))
}

// open begins once both files have; a record of k6 alone has one.
func (l *log) open() error {
	tool, err := record.OpenTail(l.folder.Tool())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer tool.Close()
	line, err := tool.Next()
	if errors.Is(err, io.EOF) || err == nil && line.Header == nil {
		return nil
	}
	if err != nil {
		return err
	}
	l.header = *line.Header
	if l.points, _, err = newPoints(l.folder, &l.header); err != nil {
		return err
	}
	l.tail, err = record.OpenRunTail(l.folder.Run())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (l *log) take(line *record.RunLine) {
	switch {
	case line.Start != nil:
		l.start = line.Start
	case line.Source != nil:
		l.infra.Declare(*line.Source)
	case line.Infra != nil && l.start != nil:
		if t := rows.InfraSecond(line.Infra, l.start.Time, l.header.Start); t >= 0 {
			l.rows(&l.points, l.infra.Second(t, line.Infra))
		}
	case line.Event != nil:
		l.runLine(l.points.event(nil, line.Event.ID, line.Event.Text, line.Event.Time.UnixMilli()))
	}
}

func (l *log) close() {
	if l.tail != nil {
		l.tail.Close()
		l.tail = nil
	}
}
