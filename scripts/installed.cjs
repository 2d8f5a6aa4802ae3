/**
 * Says by its exit code whether node_modules has what package-lock.json says: 0 yes, 1 no (run npm ci).
 *
 * It compares contents, not times: a git checkout touches files without changing them, and npm ci takes a
 * minute. This is the one JavaScript file here, because it runs before anything is installed, with the Node
 * that npm came with.
 */
'use strict';
const { readFileSync } = require('node:fs');

/** @returns {Record<string, {version?: string, optional?: boolean, devOptional?: boolean}>} */
function packages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

const wanted = packages('package-lock.json');
const present = packages('node_modules/.package-lock.json');
const differs = Object.entries(wanted).some(([path, { version, optional }]) => {
  if (path === '') return false;
  if (present[path] === undefined) return optional !== true;
  return present[path].version !== version;
});
process.exitCode = differs || Object.keys(present).some((path) => wanted[path] === undefined) ? 1 : 0;
