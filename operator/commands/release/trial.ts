/**
 * Renders a release for made-up stacks of each size, so its author finds a broken template, not a customer.
 */
import type { Release } from '../../../release/generated/release.ts';
import { renderHere } from '../../../release/render-here.ts';
import { RenderError, type Size } from '../../../release/stack-input.ts';
import { CommandError } from '../../../command-line/terminal.ts';

const sizes: readonly Size[] = ['Small', 'Medium', 'Large'];

/** @throws {CommandError} with every size that does not work. */
export function tryRelease(release: Release, templates: ReadonlyMap<string, string>): void {
  const problems: string[] = [];
  for (const size of sizes) {
    for (const least of [false, true]) {
      try {
        renderFor(release, templates, size, least);
      } catch (error) {
        if (!(error instanceof RenderError)) throw error;
        problems.push(`size ${size}${least ? ', as few components as allowed' : ''}: ${error.message}`);
      }
    }
  }
  if (problems.length > 0)
    throw new CommandError(
      `release ${release.version} cannot be rendered:\n${problems.map((problem) => `- ${problem}`).join('\n')}`,
    );
}

function renderFor(
  release: Release,
  templates: ReadonlyMap<string, string>,
  size: Size,
  least: boolean,
): void {
  const components = release.components.map(({ name, optional, replicas }) => ({
    name,
    ...(least && optional === true ? { state: 'Disabled' as const } : {}),
    ...(replicas === undefined ? {} : { replicas: least ? replicas.minimum : replicas.maximum }),
  }));
  const network = {
    fqdn: 'trial.jtel.example',
    aliases: least ? [] : ['alias.jtel.example'],
    allow: least ? {} : { web: ['192.0.2.0/24'], sip: [{ name: 'trunk-1', cidr: '198.51.100.7/32' }] },
  };
  renderHere({
    release,
    templates,
    stack: { namespace: 'trial', name: 'trial', size, network, components },
    project: 'jtel-trial-trial',
    secrets: {
      release: new Map(release.secrets.map(({ name }) => [name, `trial value of ${name}`])),
      environment: new Map(),
    },
  });
}
