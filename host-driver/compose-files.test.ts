/** What is written beside compose.yaml says the same, but for what the host's script does by itself. */
import { parse } from 'yaml';
import { expect, it } from 'vitest';
import { composeText, startFiles } from './compose-files.ts';

const model = {
  services: {
    db: { image: 'i', healthcheck: { test: ['CMD', 'true'], start_interval: '1s' } },
    web: {
      image: 'i',
      environment: ['depends_on=db', 'PASSWORD=a$b'],
      depends_on: { db: { condition: 'service_healthy' } },
      labels: { depends_on: 'x' },
    },
  },
  volumes: { data: {} },
};
const { createYaml, createYamlForOldDocker, edges } = startFiles(model);

it('gives compose everything but the edges', () => {
  const { depends_on: _edges, ...web } = model.services.web;
  const environment = ['depends_on=db', 'PASSWORD=a$$b'];
  expect(parse(createYaml)).toEqual({
    ...model,
    services: { ...model.services, web: { ...web, environment } },
  });
  // What compose makes containers from is the same text as before the edges were taken out.
  const lines = composeText(model).split('\n');
  expect(createYaml.split('\n').filter((line) => !lines.includes(line))).toEqual([]);
});

it('leaves the shorter interval of health checks out for an old Docker, and nothing else', () => {
  const lines = createYaml.split('\n');
  expect(createYamlForOldDocker.split('\n')).toEqual(
    lines.filter((line) => !/^ +start_interval: /.test(line)),
  );
  expect(createYaml).toContain('start_interval: "1s"');
});

it('names each edge', () =>
  expect(edges).toEqual([{ service: 'web', need: 'db', condition: 'service_healthy' }]));
