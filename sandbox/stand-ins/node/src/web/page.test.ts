import { expect, test } from 'vitest';
import { renderPage } from './page.ts';

test('the page shows what it was given, and no value becomes markup', () => {
  const evil = `<script>alert("x")</script>&'`;
  const page = renderPage({
    fqdn: 'acme.jtel.example',
    release: '3.43.2',
    server: 'acd-web-1',
    tenant: { name: evil, users: 3 },
    schemaVersion: 3,
    file: { path: 'skins/default/welcome.txt', text: evil },
  });
  expect(page).toContain('<h1>acme.jtel.example</h1>');
  expect(page).toContain('>acd-web-1<');
  expect(page).toContain('tenant with 3 users');
  expect(page).not.toContain('<script');
});
