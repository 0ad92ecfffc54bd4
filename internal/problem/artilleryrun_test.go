package problem

import "errors"

// artilleryRunPages are what the pages show of Artillery's runs.
func artilleryRunPages() []*Problem {
	const program = "/home/me/shop/node_modules/artillery/bin/run"
	nothing := NothingAnswered("artillery", 300, "http://127.0.0.1:9")
	nothing.Why += "; 300 of 300 errors are ECONNREFUSED"
	return []*Problem{
		ArtilleryUnusable(program, errors.New("it ended without an error and without a record")),
		ArtilleryUnusable(program, errors.New("it ended by signal killed before its record began")),
		ArtilleryFlagRejected([]string{"--durations", "5"}),
		ArtilleryScriptInvalid("spike.yml"),
		ArtilleryScriptFailed("spike.yml"),
		ArtilleryFailed(7),
		ArtilleryKilled("it ended by signal killed", "20260102-030405-a1b2c3"),
		EnsureFailed([]string{"ensure: http.response_time.p95 < 200", "ensure: vusers.failed < 1"}),
		ExpectFailed([]string{"expect contentType: 2 of 300 failed", "expect statusCode: 12 of 300 failed"}),
		ScriptFileMissing("spike.yml", []string{"users.csv", "./helpers.js"}),
		ProcessorInvalid(errors.New("helpers.ts:12:15: Expected \";\" but found \"for\"")),
		TargetMissing("spike.yml"),
		TargetUnset("spike.yml", "SHOP_URL"),
		nothing,
		ScenarioNotFound("artillery", "spik.yml", []string{"ramp", "smoke", "spike"}),
	}
}
