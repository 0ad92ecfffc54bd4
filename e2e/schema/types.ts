// What the dashboards are checked against: types of Grafana's own, with what they leave open closed for the panels in use.
import type * as schema from '@grafana/schema';
import type * as heatmap from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type * as trend from '@grafana/schema/dist/esm/raw/composable/trend/panelcfg/x/TrendPanelCfg_types.gen';

// Json is a type as JSON has it: an enum is its value.
export type Json<T> = T extends string
  ? string extends T ? string : `${T}`
  : T extends number ? T
  : T extends Array<infer U> ? Array<Json<U>>
  : unknown extends T ? T
  : T extends object ? { [K in keyof T]: Json<T[K]> }
  : T;

type Source = { type: 'influxdb'; uid: 'influxdb' };
type Flux = { refId: string; datasource: Source; query: string };

type Field<Custom> = Omit<Json<schema.FieldConfig>, 'custom'> & { custom?: Json<Custom> };
type Typed<Type extends string, Options, Custom> = Omit<Json<schema.Panel>, 'type' | 'options' | 'fieldConfig' | 'targets' | 'datasource'> & {
  id: number;
  type: Type;
  datasource: Source;
  targets: Flux[];
  options: Json<Options>;
  fieldConfig: { defaults: Field<Custom>; overrides: Json<schema.FieldConfigSource['overrides']> };
};

type Panel =
  | Typed<'stat', stat.Options, {}>
  | Typed<'table', Partial<table.Options>, Partial<table.FieldConfig>>
  | Typed<'timeseries', timeseries.Options, timeseries.FieldConfig>
  | Typed<'trend', trend.Options, trend.FieldConfig>
  | Typed<'heatmap', heatmap.Options, heatmap.FieldConfig>
  | Json<schema.RowPanel>;

type Annotation = Omit<Json<schema.AnnotationQuery>, 'target'> & { target: Json<schema.AnnotationTarget> & { refId: string; query: string } };
type Variable = Omit<Json<schema.VariableModel>, 'query' | 'datasource'> & { type: 'query'; query: string; datasource: Source };

export type Board = Omit<Json<schema.Dashboard>, 'panels' | 'annotations' | 'templating'> & {
  uid: string;
  schemaVersion: 42;
  panels: Panel[];
  annotations: { list: Annotation[] };
  templating: { list: Variable[] };
};
