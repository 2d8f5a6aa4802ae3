/** The kinds of panel that our dashboards are made of, each in one line; widths are in columns of 24. */
import { BigValueColorMode } from '@grafana/grafana-foundation-sdk/common';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  type Dashboard,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

const datasource = { type: 'prometheus', uid: '${datasource}' };

/** Names of units that Grafana knows. */
export type Unit = 'short' | 'bytes' | 's' | 'percentunit' | 'dateTimeAsIso' | 'dateTimeFromNow' | 'reqps';

/** A number now. Red at once when it is at least `badFrom`; a time is given in seconds and shown as one. */
export function number(title: string, expr: string, unit: Unit = 'short', badFrom?: number): Builder<Panel> {
  const steps = [
    { value: null, color: 'green' },
    ...(badFrom === undefined ? [] : [{ value: badFrom, color: 'red' }]),
  ];
  return new StatBuilder()
    .title(title)
    .datasource(datasource)
    .span(4)
    .height(4)
    .unit(unit)
    .colorMode(badFrom === undefined ? BigValueColorMode.None : BigValueColorMode.Value)
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps))
    .withTarget(query(expr, 'A').instant());
}

/** Lines over time. @param queries legend → expression */
export function graph(
  title: string,
  queries: Readonly<Record<string, string>>,
  unit: Unit = 'short',
): Builder<Panel> {
  const panel = new GraphBuilder().title(title).datasource(datasource).span(12).height(8).unit(unit);
  for (const [index, [legend, expr]] of Object.entries(queries).entries())
    panel.withTarget(query(expr, refID(index)).legendFormat(legend));
  return panel;
}

/** A row for each stack (or whatever the labels are), a column for each query. @param columns title → expression, unit */
export function table(
  title: string,
  columns: Readonly<Record<string, readonly [expr: string, unit: Unit]>>,
): Builder<Panel> {
  const panel = new TableBuilder().title(title).datasource(datasource).span(24).height(10);
  const renamed: Record<string, string> = {};
  for (const [index, [column, [expr, unit]]] of Object.entries(columns).entries()) {
    const value = `Value #${refID(index)}`;
    renamed[value] = column;
    panel.withTarget(query(expr, refID(index)).instant().format(PromQueryFormat.Table));
    panel.overrideByName(column, [{ id: 'unit', value: unit }]);
  }
  return panel.withTransformation({ id: 'merge', options: {} }).withTransformation({
    id: 'organize',
    options: { excludeByName: { Time: true }, renameByName: renamed },
  });
}

/** Times are kept in seconds; Grafana shows milliseconds. */
export function asDate(expr: string): string {
  return `1000 * ${expr}`;
}

export interface DashboardSpec {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Label values to choose from, by name of the variable. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly panels: readonly Builder<Panel>[];
}

export function dashboard({ uid, title, description, variables = {}, panels }: DashboardSpec): Dashboard {
  const built = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['jtel'])
    .refresh('1m')
    .time({ from: 'now-24h', to: 'now' })
    .timezone('browser')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'));
  for (const [name, definition] of Object.entries(variables)) {
    built.withVariable(
      new QueryVariableBuilder(name)
        .datasource(datasource)
        .query(definition)
        .refresh(VariableRefresh.OnTimeRangeChanged),
    );
  }
  for (const panel of panels) built.withPanel(panel);
  const made = built.build();
  // Provisioning takes a dashboard as it is, and panels are told apart by number.
  return { ...made, panels: (made.panels ?? []).map((panel, index) => ({ ...panel, id: index + 1 })) };
}

function query(expr: string, id: string): DataqueryBuilder {
  return new DataqueryBuilder().expr(expr).refId(id);
}

function refID(index: number): string {
  return 'ABCDEFGHIJKLMNOP'.charAt(index);
}
