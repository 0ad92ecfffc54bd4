package problem

import "errors"

// dashboardPages are shown by the pages.
func dashboardPages() []*Problem {
	return []*Problem{
		DashboardsInvalid("./dashboards", []string{"checkout.json: line 7: invalid character '}' looking for beginning of object key string", "huge.json: it has 50 MB; a dashboard has at most 10 MB"}),
		DashboardsNotFound("link", "./docs", "there is no dashboard in it"),
		DashboardsUnset("link", "/home/me/shop/ltlab.yaml names no dashboards"),
		DashboardsNotLinked("shopp", []string{"bank", "shop"}),
		DashboardsStale([]string{"shop: /home/me/shop/dashboards: it is not there"}),
		DashboardsEmpty(3, 1),
		DashboardsNeedGrafana("the lab runs embedded, without Grafana", Step{Say: "end it and start it on Docker; runs stay", Run: "ltlab stop && ltlab start --engine docker"}),
		DashboardsUnknown(errors.New("/home/me/.local/share/ltlab/lab/dashboards.json: invalid character 'x' looking for beginning of value")),
	}
}
