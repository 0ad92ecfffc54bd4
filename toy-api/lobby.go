package toyapi

import (
	"net"
	"sync"
	"sync/atomic"
)

// A lobby is a listener that can close connections which never sent a byte.
// http.Server.Shutdown waits 5 s for those, and clients that dial ahead
// (browsers, Go's own transport) leave them behind all the time.
type lobby struct {
	net.Listener
	mu     sync.Mutex
	guests map[*guest]struct{}
}

type guest struct {
	net.Conn
	lobby *lobby
	spoke atomic.Bool
}

func newLobby(ln net.Listener) *lobby {
	return &lobby{Listener: ln, guests: map[*guest]struct{}{}}
}

func (l *lobby) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	g := &guest{Conn: c, lobby: l}
	l.mu.Lock()
	l.guests[g] = struct{}{}
	l.mu.Unlock()
	return g, nil
}

func (l *lobby) closeSilent() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for g := range l.guests {
		if !g.spoke.Load() {
			g.Conn.Close()
		}
	}
}

func (g *guest) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if n > 0 && !g.spoke.Load() {
		g.spoke.Store(true)
	}
	return n, err
}

func (g *guest) Close() error {
	g.lobby.mu.Lock()
	delete(g.lobby.guests, g)
	g.lobby.mu.Unlock()
	return g.Conn.Close()
}
