import { describe, expect, it } from 'vitest';
import { aRelease, aRenderInput, aStack } from '../test/support/release-builder.ts';
import { renderRelease } from './render.ts';
import { RenderError, type StackInput } from './stack-input.ts';

function haproxy(template: string, stack: StackInput = aStack()): string {
  const rendered = renderRelease(
    aRenderInput({ stack, templates: new Map([['config/haproxy.cfg.liquid', template]]) }),
  );
  return String(rendered.files.find((file) => file.mode === 0o644)?.content);
}

describe('a template', () => {
  it('reads stack, network and components', () => {
    const template =
      '{{ stack.name }} {{ stack.size }} {{ release.version }} {{ network.fqdn }} {{ components.acd-web.replicas }} {{ timeZone }}';
    expect(haproxy(template)).toBe('acme Small 3.43.2 acme.jtel.example 2 UTC');
  });

  it('sees that a component is disabled', () => {
    const stack = aStack({ components: [{ name: 'acd-dbs', state: 'Disabled' }] });
    expect(haproxy("{% if components['acd-dbs'].enabled %}on{% else %}off{% endif %}", stack)).toBe('off');
  });

  it('can ask for a name that the stack does not give', () => {
    const template = '{% if network.fqdn %}named{% else %}nameless{% endif %}';
    const components = aRelease().components.map((component) => ({ ...component, environment: [] }));
    const templates = new Map([['config/haproxy.cfg.liquid', template]]);
    const { files } = renderRelease(
      aRenderInput({ release: aRelease({ components }), stack: aStack({ network: {} }), templates }),
    );
    expect(files.map((file) => file.content)).toContain('nameless');
  });

  it.each([
    ['an unknown variable', '{{ network.fqnd }}'],
    ['an unknown filter', '{{ network.fqdn | shout }}'],
    ['the clock', "{{ 'now' | date: '%s' }}"],
    ['chance', '{{ network.aliases | sample }}'],
    ['a file', "{% render '/etc/passwd' %}"],
    ['another file', "{% include '../secret' %}"],
    ['a layout', "{% layout 'x' %}"],
    ['a prototype', '{{ stack.constructor.name }}'],
    ['a tag that is not closed', '{% if network.fqdn %}'],
  ])('cannot use %s', (_, template) => {
    expect(() => haproxy(template)).toThrow(RenderError);
    expect(() => haproxy(template)).toThrow(
      'acd-haproxy: template config/haproxy.cfg.liquid cannot be rendered',
    );
  });

  it('that would never end is stopped', () => {
    expect(() => haproxy('{% for a in (1..1000000000) %}{{ a }}{% endfor %}')).toThrow(RenderError);
  });
});

describe('a value cannot break out of its line', () => {
  const sip = [{ name: 'peer\nname', cidr: '10.0.0.1/32' }];
  const stacks: readonly [string, StackInput][] = [
    ['fqdn with a line feed', aStack({ network: { fqdn: 'a.example\nbackend evil' } })],
    ['fqdn that ends in a line feed', aStack({ network: { fqdn: 'a.example\n' } })],
    ['fqdn with a wildcard', aStack({ network: { fqdn: '*.example' } })],
    ['fqdn with a space', aStack({ network: { fqdn: 'a.example evil' } })],
    ['fqdn with a quote', aStack({ network: { fqdn: 'a"b' } })],
    ['alias', aStack({ network: { aliases: ['good.example', 'bad#'] } })],
    ['cidr', aStack({ network: { allow: { web: ['10.0.0.0/8; drop'] } } })],
    ['name of a SIP peer', aStack({ network: { allow: { sip } } })],
    ['time zone', aStack({ timeZone: 'Europe/Berlin\nx' })],
    ['stack name', aStack({ name: 'a;b' })],
  ];
  it.each(stacks)('%s', (_, stack) => {
    expect(() => haproxy('x', stack)).toThrow('correct it in the JtelStack');
  });
});
