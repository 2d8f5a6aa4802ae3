/** The portal's start page: it describes the stack, and proves that database and file tree are there. */

export interface PageContent {
  readonly fqdn: string;
  readonly release: string;
  readonly server: string;
  readonly tenant: { readonly name: string; readonly users: number };
  readonly schemaVersion: number;
  readonly file: { readonly path: string; readonly text: string };
}

function html(text: string | number): string {
  return String(text).replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}

const style = `
  :root { color-scheme: light dark; --ink: #14213d; --paper: #f5f7fb; --card: #fff; --line: #dfe5f0; --brand: #0a6ebd; --quiet: #5b6b86; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e8eefb; --paper: #0e1524; --card: #16203a; --line: #263355; --brand: #5bb0f5; --quiet: #93a4c4; } }
  * { box-sizing: border-box; }
  body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
  main { max-width: 46rem; margin: 0 auto; padding: 3rem 1.25rem; }
  header { display: flex; gap: 1rem; align-items: center; margin-bottom: 2rem; }
  header img { width: 56px; height: 56px; }
  h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; overflow-wrap: anywhere; }
  header p { margin: 0.2rem 0 0; color: var(--quiet); }
  dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 1rem; margin: 0; }
  dl div { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.25rem; }
  dt { color: var(--quiet); font-size: 0.85rem; }
  dd { margin: 0.25rem 0 0; font-weight: 600; overflow-wrap: anywhere; }
  small { display: block; font-weight: 400; color: var(--quiet); }
  .wide { grid-column: 1 / -1; }
`;

export function renderPage(content: PageContent): string {
  const { fqdn, release, server, tenant, schemaVersion, file } = content;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${html(fqdn)}</title>
<link rel="icon" href="/logo.svg"><style>${style}</style></head>
<body><main>
<header><img src="/logo.svg" alt=""><div><h1>${html(fqdn)}</h1><p>jtel contact centre (sandbox stand-in)</p></div></header>
<dl>
<div><dt>Release</dt><dd id="release">${html(release)}<small>schema version ${html(schemaVersion)}</small></dd></div>
<div><dt>Answered by</dt><dd id="server">${html(server)}</dd></div>
<div class="wide"><dt>A row from the database</dt><dd id="tenant">${html(tenant.name)}<small>tenant with ${html(tenant.users)} users</small></dd></div>
<div class="wide"><dt>A file from the file tree</dt><dd id="file">${html(file.text)}<small>${html(file.path)}</small></dd></div>
</dl>
</main></body></html>
`;
}
