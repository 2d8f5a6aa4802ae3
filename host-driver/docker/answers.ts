/**
 * What Docker's answers must look like before they are used. Docker runs on a host that somebody may have
 * broken into, and its client takes whatever is JSON. Fields that are not read are not looked at. Pure.
 */
import { list, Misfit, object, optional, read, type Schema } from '../../backup-format/schema.ts';

const most = 10_000;

const word: Schema<string> = (value) => {
  if (typeof value !== 'string') throw new Misfit('must be a text');
  return value;
};

const words: Schema<unknown> = (value) => {
  if (
    typeof value !== 'object' ||
    value === null ||
    !Object.values(value).every((one) => typeof one === 'string')
  )
    throw new Misfit('must be an object of texts');
  return value;
};

/** Docker's lists are null when they are empty and Go made no list. */
function orNull<T>(schema: Schema<T>): Schema<T | null> {
  return (value) => (value === null ? null : schema(value));
}

export const containerList = list(
  object({ Id: word, Names: orNull(list(word, { most })), Labels: words, State: word, Status: word }),
  { most },
);
export const volumeList = object({ Volumes: list(object({ Name: word }), { most }) });
export const imageList = list(object({ RepoDigests: optional(orNull(list(word, { most }))) }), { most });
export const networkList = list(
  object({
    Name: word,
    IPAM: optional(
      orNull(object({ Config: optional(orNull(list(object({ Subnet: optional(word) }), { most }))) })),
    ),
  }),
  { most },
);
export const versions = object({ Version: word, ApiVersion: word });
export const containerDetails = object({
  Name: word,
  Config: object({ Image: word, Labels: words }),
  State: object({ Status: word, StartedAt: word, FinishedAt: word }),
});

/**
 * @returns the answer itself
 * @throws FormatError when it is something else
 */
export function shaped<T>(schema: Schema<unknown>, answer: T, what: string): T {
  read(schema, answer, what);
  return answer;
}
