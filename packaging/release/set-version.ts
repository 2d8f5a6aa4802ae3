/** `make set-version VERSION=x.y.z` writes a version into the sources: that of the next release, or x.y.z-dev after one. */
import { valid } from 'semver';
import { repositoryDirectory } from '../../kit/paths.ts';
import { stamp } from './staging.ts';

const { VERSION: version = '' } = process.env;
if (valid(version) !== version) throw new Error('VERSION is no version: use MAJOR.MINOR.PATCH or …-dev');
await stamp(repositoryDirectory, version);
