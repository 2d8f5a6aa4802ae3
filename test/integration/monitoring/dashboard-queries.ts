/** Every query of the dashboards in deploy/monitoring, as Grafana would send it. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryDirectory } from '../../../kit/paths.ts';

const folder = join(repositoryDirectory, 'deploy/monitoring/dashboards');

interface Dashboard {
  readonly title: string;
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query?: string }[];
  };
}

export interface DashboardQuery {
  /** The dashboard, and the panel or variable. */
  readonly of: string;
  readonly expr: string;
}

/** @param variables the values that are chosen */
export async function dashboardQueries(
  variables: Readonly<Record<string, string>>,
): Promise<readonly DashboardQuery[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  return texts
    .map((text) => JSON.parse(text) as Dashboard)
    .flatMap(({ title, panels, templating }) => [
      ...panels.flatMap((panel) =>
        panel.targets.map(({ expr }) => ({ of: `${title} / ${panel.title}`, expr: fillIn(expr, variables) })),
      ),
      ...templating.list
        .filter(({ type }) => type === 'query')
        .map(({ name, query = '' }) => ({
          of: `${title} / $${name}`,
          expr: fillIn(labelValues(query), variables),
        })),
    ]);
}

/** `label_values(series, label)` is Grafana's own. Its question is whether a series has such a label. */
function labelValues(query: string): string {
  const [, series, label] = /^label_values\((.*), (\w+)\)$/.exec(query) ?? [];
  if (series === undefined || label === undefined) throw new Error(`not understood: ${query}`);
  return `count by (${label}) (${series})`;
}

function fillIn(expr: string, variables: Readonly<Record<string, string>>): string {
  return expr.replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = { __rate_interval: '1m', ...variables }[name];
    if (value === undefined) throw new Error(`nothing is chosen for $${name} in ${expr}`);
    return value;
  });
}
