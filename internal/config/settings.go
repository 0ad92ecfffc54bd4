package config

import "regexp"

// Mask stands for a secret.
const Mask = "********"

// From is where a value comes from; the first of these that has one counts.
type From string

// The places of values, the strongest first.
const (
	FromFlag    From = "flag"
	FromEnviron From = "environment"
	FromProject From = "project"
	FromLab     From = "lab"
	FromRunning From = "running lab"
	FromDefault From = "default"
	FromNowhere From = ""
)

// Origin is where a value comes from and where exactly.
type Origin struct {
	From From   `json:"from"`
	At   string `json:"at,omitempty"` // the flag, the variable, or file:line
}

func (o Origin) String() string {
	if o.At == "" {
		return string(o.From)
	}
	return string(o.From) + " " + o.At
}

// Value is a setting as it counts.
type Value struct {
	Key    Key
	Value  string // "" when nothing sets it
	Origin Origin
}

// Masked is the value for everybody's eyes: secrets, and who signs in at an address, are hidden.
func (v Value) Masked() string {
	if v.Value != "" && v.Key.Secret {
		return Mask
	}
	return signIn.ReplaceAllString(v.Value, "://"+Mask+"@")
}

var signIn = regexp.MustCompile(`://[^/?#\s]*@`)

// Check says what is wrong with the value, as a *ValueError.
func (v Value) Check() error { return v.Key.Check(v.Value) }

// Flag is a value given on the command line.
type Flag struct{ Name, Value string }

// Sources are the places in which values are looked up. Each of them may be left out. A run and a start leave out the
// environment for everything INFLUXDB_: a variable in somebody's shell must not send a run to a foreign database.
type Sources struct {
	Flags   map[string]Flag     // by setting
	Getenv  func(string) string // of ltlab's environment, never of a project's .env
	Project *Project
	Env     *EnvFile          // the lab's
	Running map[string]string // addresses that the running lab made, by setting
}

// All are the values of all settings, in the order of Keys.
func (s Sources) All() []Value {
	var out []Value
	for _, k := range Keys() {
		out = append(out, s.of(k))
	}
	return out
}

// Value is the value of one setting, which must be one of Keys.
func (s Sources) Value(key string) Value {
	k, err := FindKey(key)
	if err != nil {
		return Value{Key: Key{Name: key}}
	}
	return s.of(k)
}

func (s Sources) of(k Key) Value {
	v := func(value string, from From, at string) Value {
		return Value{Key: k, Value: value, Origin: Origin{from, at}}
	}
	if f, ok := s.Flags[k.Name]; ok {
		return v(f.Value, FromFlag, f.Name)
	}
	if s.Getenv != nil {
		if value := s.Getenv(k.Name); value != "" {
			return v(value, FromEnviron, k.Name)
		}
	}
	if s.Project != nil && k.Name == BaseURL && s.Project.Target != "" {
		return v(s.Project.Target, FromProject, place(s.Project.Path, s.Project.lines["target"]))
	}
	if s.Env != nil {
		if value := s.Env.Value(k.Name); value != "" {
			return v(value, FromLab, place(s.Env.Path, s.Env.Line(k.Name)))
		}
	}
	if value := s.Running[k.Name]; value != "" {
		return v(value, FromRunning, "")
	}
	if k.Default != "" {
		return v(k.Default, FromDefault, "")
	}
	return v("", FromNowhere, "")
}
