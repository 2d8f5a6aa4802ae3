/**
 * Situations that people met outside the sandbox. Each stands for its whole kind. The cases with its id
 * (`cases/`) show what is right in it. A new report is one more line here and a case.
 */
export const situations = {
  W1: 'an order for a restore comes again because its object is new',
  W2: 'the data are gone, the record of them is not',
  W3: 'a backup of nothing after backups of something',
  W4: 'entries of a file tree that a backup cannot keep, or kept wrongly: links, pipes',
  W5: 'attributes of files: user attributes, access control lists',
  W6: 'hard links',
  W7: 'a login shell that prints',
  W8: 'names of registries, spelled in every way that the kubelet takes',
  W9: 'two machines from one template',
  W10: 'logical backups of what databases really hold',
  W11: 'a database that does not speak TLS, or has a certificate of its own',
  W12: 'a backup and a release with different series of MariaDB',
  W13: 'a throttled physical backup of a database that is written to',
  W14: 'a host with the Docker of Debian 12',
  W15: 'a host whose Docker keeps its data on another disk',
  W16: 'a history limit beside backups that git keeps',
  W17: 'one file that cannot be read',
  W18: 'packs that were moved to the archive tier',
  W19: 'a storage account that refuses by its network rules',
  W20: 'immutability at the level of versions',
  W21: 'a host that reaches the outside only through a proxy',
  W22: 'networks of the customer where Docker puts its own',
  W23: 'a database that is encrypted at rest',
  W24: 'a backup that was damaged, found while it is restored',
  W25: 'a namespace that is deleted as a whole',
  W26: 'progress and time left of jobs that do not move in bytes',
  W27: 'what people see while something goes wrong',
  W28: 'backups that shrink, and backups that only look as if',
  W29: 'objects and lists in a status that become empty',
  W30: 'archives in another dialect of tar or zstd',
  W31: 'tables whose rows no backup holds',
  W32: "the host's own firewall service",
  W33: 'a ban by sshd',
} as const;

export type SituationID = keyof typeof situations;
