package toyapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// firstUsers is how many users a new Server has; they never make room for others.
const firstUsers = 50

type user struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// users keeps at most max users: beyond that the one created longest ago makes
// room, so a load test may create for ever.
type users struct {
	mu    sync.RWMutex
	max   int
	table table[user]
}

func newUsers(limit int) *users {
	given := []string{"Ada", "Ben", "Chen", "Dora", "Emil", "Fatou", "Goran", "Hana", "Ivo", "Juno"}
	family := []string{"Abara", "Bruun", "Costa", "Dietz", "Engel"}
	u := &users{max: limit}
	for i := range firstUsers {
		first, last := given[i%len(given)], family[i/len(given)]
		u.create(first+" "+last, strings.ToLower(first+"."+last)+"@example.com")
	}
	return u
}

func (u *users) create(name, email string) user {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.table.ids) >= u.max {
		i, _ := slices.BinarySearch(u.table.ids, firstUsers+1)
		u.table.remove(u.table.ids[i])
	}
	return u.table.add(func(id int) user { return user{id, name, email} })
}

func (u *users) get(id int) (user, bool) {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return u.table.get(id)
}

func (u *users) remove(id int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.table.remove(id)
}

func (u *users) count() int {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return len(u.table.ids)
}

type userPage struct {
	Users []user `json:"users"`
	Page  int    `json:"page"`
	Limit int    `json:"limit"`
	Total int    `json:"total"`
}

func (s *Server) listUsers(w http.ResponseWriter, _ *http.Request, a args) error {
	reply := userPage{Page: a.integer("page"), Limit: a.integer("limit"), Users: []user{}}
	u := s.users
	u.mu.RLock()
	reply.Total = len(u.table.rows)
	from := min(reply.Total, (reply.Page-1)*reply.Limit) // past the end a page is empty
	reply.Users = append(reply.Users, u.table.rows[from:min(reply.Total, from+reply.Limit)]...)
	u.mu.RUnlock()
	return writeJSON(w, http.StatusOK, reply)
}

func (s *Server) createUser(w http.ResponseWriter, _ *http.Request, a args) error {
	u := s.users.create(a.text("name"), a.text("email"))
	w.Header().Set("Location", fmt.Sprintf("/users/%d", u.ID))
	return writeJSON(w, http.StatusCreated, u)
}

func (s *Server) getUser(w http.ResponseWriter, _ *http.Request, a args) error {
	u, ok := s.users.get(a.integer("id"))
	if !ok {
		return missing("user", a)
	}
	return writeJSON(w, http.StatusOK, u)
}

func (s *Server) deleteUser(w http.ResponseWriter, _ *http.Request, a args) error {
	if !s.users.remove(a.integer("id")) {
		return missing("user", a)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func missing(what string, a args) error {
	return &fault{status: http.StatusNotFound, code: "not_found",
		message: fmt.Sprintf("there is no %s %d", what, a.integer("id")), parameter: "id"}
}
