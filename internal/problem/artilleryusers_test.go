package problem

// artilleryUsersPages are what the page of failed virtual users shows.
func artilleryUsersPages() []*Problem {
	return []*Problem{VUsersFailed(300, "300 of 300 errors are Failed capture or match")}
}
