import { describe, expect, it } from 'vitest';
import { aRelease, aRenderInput, aStack } from '../test/support/release-builder.ts';
import { renderHere } from './render-here.ts';
import { RenderError, type StackInput } from './stack-input.ts';
import { templatesNeeded } from './template-texts.ts';
import { renderTexts } from './templates.ts';

function haproxy(template: string, stack: StackInput = aStack()): string {
  const rendered = renderHere(
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
    const { files } = renderHere(
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

  it.each([
    ['a capture', '{% capture all %}%{% endcapture %}'],
    ['a filter', "{% assign all = 'x' | replace: 'x', '%' | append: '%' %}"],
  ])('that grows without end in %s is stopped', (_, grow) => {
    const template = `{% for a in (1..50) %}${grow.replaceAll('%{', '{{ all }}{{ all }}{').replaceAll("'%'", 'all')}{% endfor %}`;
    expect(() => haproxy(`{% assign all = 'x' %}${template}`)).toThrow('memory alloc limit exceeded');
  });

  it('may give a MiB with all others of its release, and no more', () => {
    const text = 'x'.repeat(1000);
    const times = (count: number) => `{% for a in (1..${count}) %}${text}{% endfor %}`;
    expect(haproxy(times(1000))).toHaveLength(1_000_000);
    expect(() => haproxy(times(1100))).toThrow(
      'acd-haproxy: template config/haproxy.cfg.liquid cannot be rendered: with it, the files and variables of the release have more than 1048576 bytes',
    );
  });

  it('may have ten thousand tags, and no more', () => {
    expect(haproxy('{{ stack.name }}'.repeat(10_000))).toHaveLength(40_000);
    expect(() => haproxy('{{ stack.name }}'.repeat(10_001))).toThrow(
      'it has 10001 tags, and at most 10000 are read',
    );
  });

  it('is named in the errors of what takes its time', () => {
    const told: string[] = [];
    renderTexts(templatesNeeded(aRenderInput()), (what) => told.push(what));
    expect(told).toEqual([
      'acd-haproxy: template config/haproxy.cfg.liquid',
      'acd-web: environment variable JTEL_FQDN',
    ]);
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
