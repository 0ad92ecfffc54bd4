package docker

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/docker/cli/cli/command"
	"github.com/docker/cli/cli/flags"
	"github.com/docker/compose/v5/pkg/api"
	dockercompose "github.com/docker/compose/v5/pkg/compose"
	"github.com/moby/moby/client"
	"github.com/moby/moby/client/pkg/versions"
	"github.com/sirupsen/logrus"

	"github.com/ltlab/ltlab/internal/problem"
)

// oldestAPI is the API of Engine 20.10, the oldest one that is tested.
const oldestAPI = "1.41"

// answerIn is how long an engine may take to answer at all.
const answerIn = 5 * time.Second

// Conn is a connection to a Docker engine on this machine.
type Conn struct {
	API     client.APIClient
	Compose api.Compose
	Host    string // the socket's address

	signIn func(image string) string // what `docker login` left for the image's registry, as the engine takes it; "" for none
}

// Dial connects to the engine that Docker's own command line would use: DOCKER_HOST, else the current context. Problems:
// engine-not-found, engine-no-permission, engine-too-old, engine-remote.
func Dial(ctx context.Context) (*Conn, error) {
	logrus.SetOutput(io.Discard) // Compose's library warns there of what its errors and events say, too
	host, err := endpoint()
	if err != nil {
		return nil, problem.EngineNotFound("", err)
	}
	if !onThisMachine(host) {
		return nil, problem.EngineRemote(host)
	}
	cli, err := newCLI(ctx)
	if err != nil {
		return nil, problem.EngineNotFound(host, err)
	}
	c := &Conn{API: cli.Client(), Host: host, signIn: func(image string) string {
		auth, _ := command.RetrieveAuthTokenFromImage(cli.ConfigFile(), image) // without, the registry says what it wants
		return auth
	}}
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	ping, err := c.API.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
	switch {
	case ping.APIVersion != "" && versions.LessThan(ping.APIVersion, oldestAPI): // of some, the client says so by an error, too
		return nil, problem.EngineTooOld(ping.APIVersion, oldestAPI)
	case errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EACCES) || err != nil && strings.Contains(err.Error(), "permission denied"):
		return nil, problem.EngineNoPermission(host, err)
	case err != nil:
		return nil, problem.EngineNotFound(host, err)
	}
	c.Compose, err = dockercompose.NewComposeService(cli, dockercompose.WithPrompt(refuse))
	return c, err
}

// newCLI is Docker's own command line, which knows its contexts and is what Compose's library asks for.
func newCLI(ctx context.Context) (*command.DockerCli, error) {
	cli, err := command.NewDockerCli(
		command.WithInputStream(io.NopCloser(strings.NewReader(""))), command.WithOutputStream(io.Discard), command.WithErrorStream(io.Discard),
		command.WithBaseContext(ctx))
	if err != nil {
		return nil, err
	}
	return cli, cli.Initialize(flags.NewClientOptions())
}

// endpoint is the engine's address. Whoever asks Docker's command line for it makes that dial, hence the canceled context:
// nobody connects to an engine that is going to be refused.
func endpoint() (string, error) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	cli, err := newCLI(ctx)
	if err != nil {
		return "", err
	}
	return cli.DockerEndpoint().Host, nil
}

// onThisMachine says whether the engine behind that address is on this machine: the lab publishes ports on 127.0.0.1 and shares
// folders, which only such an engine can.
func onThisMachine(host string) bool {
	u, err := url.Parse(host)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "unix", "npipe", "fd":
		return true
	case "tcp", "http", "https":
		ip := net.ParseIP(u.Hostname())
		return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	}
	return false
}

// refuse answers what Compose would ask: it asks before it throws a volume away, and the lab never wants that.
func refuse(string, bool) (bool, error) { return false, nil }
