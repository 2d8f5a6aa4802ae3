/** Opens a share by its access. */
import type { ShareAccess } from '../../jobs/share.ts';
import type { ShareFiles } from './files.ts';
import { PathShare } from './path.ts';
import { SMBShare } from './smb.ts';

export async function openShare(access: ShareAccess, signal: AbortSignal): Promise<ShareFiles> {
  switch (access.kind) {
    case 'Path':
      return new PathShare(access.path);
    case 'SMB':
      return await SMBShare.open(access, signal);
  }
}
