package cli

import (
	"maps"
	"slices"
	"testing"
)

func TestTablesOfAnAnswerKeepTheirOwnColumns(t *testing.T) {
	doc, err := tabled([]byte("result,_time,_value\n_result,1,\n_result,2,\"a\n\nb\"\n\nresult,_value,host\n_result,7,x\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []map[string]string{
		{"result": "_result", "_time": "1", "_value": ""},
		{"result": "_result", "_time": "2", "_value": "a\n\nb"}, // an empty line within a value parts no tables
		{"result": "_result", "_value": "7", "host": "x"},
	}
	if !slices.EqualFunc(doc.Rows, want, maps.Equal[map[string]string]) {
		t.Errorf("rows %v\nwant %v", doc.Rows, want)
	}
	if columns := []string{"result", "_time", "_value", "host"}; !slices.Equal(doc.Columns, columns) {
		t.Errorf("columns %v, want %v", doc.Columns, columns)
	}
}

func TestAnAnswerWithoutATableHasNoRows(t *testing.T) {
	doc, err := tabled(nil)
	if err != nil || doc.Rows == nil || doc.Columns == nil || len(doc.Rows)+len(doc.Columns) != 0 {
		t.Errorf("%+v, %v", doc, err)
	}
}
