/** A store on a share, with the job that answers for it in this process. */
import type { BlobStore } from '../../blob-store/blob-store.ts';
import { shareBlobStore } from '../../blob-store/share/share-store.ts';
import { read } from '../../backup-format/schema.ts';
import { shareQuestion, type ShareAccess } from '../../jobs/share.ts';
import { answerShare } from '../../toolbox/share/answer.ts';
import type { ShareFiles } from '../../toolbox/share/files.ts';

export function shareStoreOver(
  files: ShareFiles,
  access: ShareAccess,
  options: { readonly pageSize?: number } = {},
): BlobStore {
  return shareBlobStore({
    description: access.kind === 'Path' ? `share ${access.path}` : `smb://${access.server}/${access.share}`,
    access,
    // As between operator and host: questions and answers are text.
    ask: async (question, signal) => {
      const asked = read(shareQuestion, JSON.parse(JSON.stringify(question)), 'question');
      return JSON.parse(JSON.stringify(await answerShare(files, asked, signal))) as unknown;
    },
    ...options,
  });
}
