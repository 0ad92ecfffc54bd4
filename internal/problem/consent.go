package problem

// ConsentNeeded is a removal that nobody could agree to: there is no terminal, or a document was asked for.
func ConsentNeeded(command string) *Problem {
	return &Problem{ID: "terminal-needed", Exit: Usage,
		What: command + " asks before it removes anything", Why: "nobody can answer: standard input is no terminal, or --json was given",
		Fix: []Step{{Say: "see what it would remove", Run: command + " --dry-run"}, {Say: "agree on the command line", Run: command + " --yes"}}}
}

// ConsentRefused is a removal that the user was asked for and did not agree to.
func ConsentRefused(command string) *Problem {
	return &Problem{ID: "not-confirmed", Exit: Usage,
		What: "nothing was removed", Why: `the answer was not "yes"`,
		Fix: []Step{{Say: "give it again and type the whole word, or agree on the command line", Run: command + " --yes"}}}
}

func consentExamples() []*Problem {
	return []*Problem{ConsentNeeded("ltlab purge"), ConsentRefused("ltlab purge")}
}
