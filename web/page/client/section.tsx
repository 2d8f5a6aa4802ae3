/** A titled part of a view, and the small tables in it, which become cards on a phone. */
import type { ComponentChildren } from 'preact';
import type { Part } from '../../protocol.ts';

interface SectionProps {
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Section({ title, aside, children }: SectionProps) {
  return (
    <section aria-label={title}>
      <h2>
        {title}
        {aside !== undefined && <span class="aside">{aside}</span>}
      </h2>
      {children}
    </section>
  );
}

export interface Field<Line> {
  readonly title: string;
  readonly name?: string;
  /** `null` leaves the card of a phone without it. */
  readonly cell: (line: Line) => ComponentChildren;
}

interface SmallTableProps<Line> {
  readonly label: string;
  readonly fields: readonly Field<Line>[];
  readonly lines: readonly Line[];
  readonly keyOf: (line: Line) => string;
  /** A sentence below the line, over all columns. */
  readonly note?: (line: Line) => ComponentChildren;
}

export function SmallTable<Line>({ label, fields, lines, keyOf, note }: SmallTableProps<Line>) {
  return (
    <table role="table" class="small" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {fields.map(({ title, name }) => (
            <th role="columnheader" key={title} class={name}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {lines.map((line) => {
          const said = note?.(line) ?? null;
          return [
            <tr role="row" key={keyOf(line)} class={said === null ? undefined : 'noted'}>
              {fields.map(({ title, name, cell }) => {
                const content = cell(line) ?? null;
                return (
                  <td
                    role="cell"
                    key={title}
                    data-title={title}
                    title={typeof content === 'string' ? content : undefined}
                    class={content === null || content === '' ? `${name ?? ''} empty` : name}
                  >
                    {content}
                  </td>
                );
              })}
            </tr>,
            said === null ? null : (
              <tr role="row" key={`${keyOf(line)} note`} class="note">
                <td role="cell" colSpan={fields.length}>
                  {said}
                </td>
              </tr>
            ),
          ];
        })}
      </tbody>
    </table>
  );
}

interface PartOfProps<Line> {
  readonly part: Part<Line>;
  readonly none: string;
  readonly children: (lines: readonly Line[]) => ComponentChildren;
}

/** A part of the detail, or why it is not there. */
export function PartOf<Line>({ part, none, children }: PartOfProps<Line>) {
  if ('absent' in part) return <p class="faint">{part.absent}</p>;
  if (part.items.length === 0) return <p class="faint">{none}</p>;
  return (
    <>
      {children(part.items)}
      {part.more > 0 && <p class="faint">{part.more} older ones are not shown.</p>}
    </>
  );
}
