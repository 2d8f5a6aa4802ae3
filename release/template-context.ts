/**
 * What templates may read of a stack. A value cannot break out of its line, whatever file the template makes
 * of it.
 */
import type { Release } from './generated/release.ts';
import type { SelectedComponent } from './select.ts';
import { RenderError, type StackInput } from './stack-input.ts';

/** Everything that a template may read. Documented in docs/release-format.md. */
export interface TemplateContext {
  readonly stack: {
    readonly namespace: string;
    readonly name: string;
    readonly project: string;
    readonly size: string;
  };
  readonly release: { readonly version: string };
  readonly timeZone: string;
  readonly network: {
    readonly fqdn?: string;
    readonly aliases: readonly string[];
    readonly allow: {
      readonly admin: readonly string[];
      readonly web: readonly string[];
      readonly sip: readonly { readonly name: string; readonly cidr: string }[];
    };
  };
  /** Every component of the release by name. Disabled ones have `enabled: false` and no services. */
  readonly components: Readonly<Record<string, ComponentContext>>;
}

export interface ComponentContext {
  readonly enabled: boolean;
  readonly replicas: number;
  /** compose service names, which are host names inside the project's network. */
  readonly services: readonly string[];
  readonly cpus: string;
  readonly memoryMiB: number;
}

/** C0, DEL, NEL and Unicode's line and paragraph separators. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const lineBreaking = /[\u0000-\u001F\u007F\u0085\u2028\u2029]/;

const hostName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;
const cidr = /^[0-9a-f.:]{2,45}(\/\d{1,3})?$/i;
const label = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
/** For people. The resource allows spaces inside. */
const peerName = /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$/;
const zone = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;

function check(place: string, pattern: RegExp, value: string): string {
  if (pattern.test(value) && !lineBreaking.test(value)) return value;
  throw new RenderError(
    `${place}: ${JSON.stringify(value.slice(0, 80))} is not allowed there: correct it in the JtelStack`,
  );
}

function checkAll(place: string, pattern: RegExp, values: readonly string[] | undefined): readonly string[] {
  return (values ?? []).map((value, index) => check(`${place}[${index}]`, pattern, value));
}

/** @throws {RenderError} when a value could be more than one word in a configuration file. */
export function templateContext(
  release: Release,
  stack: StackInput,
  project: string,
  selected: readonly SelectedComponent[],
): TemplateContext {
  const network = stack.network ?? {};
  const allow = network.allow ?? {};
  return {
    stack: {
      namespace: check('metadata.namespace', label, stack.namespace),
      name: check('metadata.name', hostName, stack.name),
      project: check('project', label, project),
      size: stack.size,
    },
    release: { version: release.version },
    timeZone: check('timeZone', zone, stack.timeZone ?? 'UTC'),
    network: {
      ...(network.fqdn === undefined ? {} : { fqdn: check('spec.network.fqdn', hostName, network.fqdn) }),
      aliases: checkAll('spec.network.aliases', hostName, network.aliases),
      allow: {
        admin: checkAll('spec.network.allow.admin', cidr, allow.admin),
        web: checkAll('spec.network.allow.web', cidr, allow.web),
        sip: (allow.sip ?? []).map((peer, index) => ({
          name: check(`spec.network.allow.sip[${index}].name`, peerName, peer.name),
          cidr: check(`spec.network.allow.sip[${index}].cidr`, cidr, peer.cidr),
        })),
      },
    },
    components: componentContexts(release, stack, selected),
  };
}

function componentContexts(
  release: Release,
  stack: StackInput,
  selected: readonly SelectedComponent[],
): Readonly<Record<string, ComponentContext>> {
  return Object.fromEntries(
    release.components.map((component) => {
      const running = selected.find((candidate) => candidate.component.name === component.name);
      const resources = running?.resources ?? component.resources[stack.size];
      const services = running?.services ?? [];
      return [
        component.name,
        {
          enabled: running !== undefined,
          replicas: services.length,
          services,
          cpus: resources.cpus,
          memoryMiB: resources.memoryMiB,
        },
      ];
    }),
  );
}

/** False for text that no environment variable may hold: control characters except tab and line feed. */
export function isSafeText(value: string): boolean {
  return !lineBreaking.test(value.replaceAll(/[\t\n]/g, ''));
}
