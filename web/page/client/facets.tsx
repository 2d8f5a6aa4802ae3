/** Narrows the list down: words, and values to choose from. All of it stands in the address. */
import { computed, useSignal } from '@preact/signals';
import type { Verdict } from '../../protocol.ts';
import { Mark, verdictWords } from './parts.tsx';
import { noFilter, sortKeys, type FacetKey, type Filter, type Route, type SortKey } from './route.ts';
import { facetCounts, isFiltered, toggled } from './select.ts';
import { go, isNarrow, shown, stacks } from './state.ts';

type ListRoute = Route & { readonly view: 'Stacks' };

const verdicts: readonly Verdict[] = ['Bad', 'Unknown', 'Busy', 'Neutral', 'Good'];
const counted = computed(() => facetCounts(stacks.value.values(), 'verdict'));

const choices: readonly { readonly facet: FacetKey; readonly all: string }[] = [
  { facet: 'phase', all: 'Phase' },
  { facet: 'version', all: 'Version' },
  { facet: 'namespace', all: 'Namespace' },
  { facet: 'label', all: 'Label' },
];

const sortWords: Readonly<Record<SortKey, string>> = {
  urgency: 'Worst first',
  name: 'By name',
  phase: 'By phase',
  version: 'By version',
  up: 'Least available first',
  backup: 'Oldest backup first',
};

export function Facets({ route }: { readonly route: ListRoute }) {
  const { filter } = route;
  // On a phone, the choices take room only when somebody wants them.
  const isOpen = useSignal(choices.some(({ facet }) => filter.facets[facet] !== ''));
  const narrow = (next: Filter, step: 'Push' | 'Replace' = 'Push'): void =>
    go({ ...route, filter: next }, step);
  return (
    <div class="facets">
      <div class="verdicts" role="group" aria-label="Filter by state">
        {verdicts
          .filter((verdict) => counted.value.has(verdict) || filter.facets.verdict === verdict)
          .map((verdict) => (
            <button
              key={verdict}
              type="button"
              class="verdict"
              aria-pressed={filter.facets.verdict === verdict}
              onClick={() => narrow(toggled(filter, 'verdict', verdict))}
            >
              <Mark verdict={verdict} />
              <b>{counted.value.get(verdict) ?? 0}</b> <span>{verdictWords[verdict]}</span>
            </button>
          ))}
      </div>
      <SearchBox
        label="Filter stacks"
        text={filter.text}
        change={(text) => narrow({ ...filter, text }, 'Replace')}
      />
      {isNarrow.value && (
        <button type="button" aria-expanded={isOpen.value} onClick={() => (isOpen.value = !isOpen.value)}>
          More
        </button>
      )}
      <div class="choices" hidden={isNarrow.value && !isOpen.value}>
        {choices.map(({ facet, all }) => (
          <Choice key={facet} facet={facet} all={all} filter={filter} narrow={narrow} />
        ))}
        {isNarrow.value && (
          <select
            aria-label="Order"
            value={route.sort.key}
            onChange={({ currentTarget }) => {
              const key = sortKeys.find((each) => each === currentTarget.value) ?? 'urgency';
              go({ ...route, sort: { key, isDescending: false } });
            }}
          >
            {sortKeys.map((key) => (
              <option key={key} value={key}>
                {sortWords[key]}
              </option>
            ))}
          </select>
        )}
      </div>
      <span class="found" role="status">
        {isFiltered(filter) ? `${shown.value.length} of ${stacks.value.size}` : `${stacks.value.size} stacks`}
      </span>
      {isFiltered(filter) && (
        <button type="button" class="clear" onClick={() => narrow(noFilter)}>
          Clear
        </button>
      )}
    </div>
  );
}

interface SearchBoxProps {
  readonly label: string;
  readonly text: string;
  readonly change: (text: string) => void;
}

export function SearchBox({ label, text, change }: SearchBoxProps) {
  return (
    <input
      type="search"
      id="search"
      aria-label={label}
      placeholder={`${label}  /`}
      autocomplete="off"
      spellcheck={false}
      value={text}
      onInput={({ currentTarget }) => change(currentTarget.value)}
    />
  );
}

interface ChoiceProps {
  readonly facet: FacetKey;
  readonly all: string;
  readonly filter: Filter;
  readonly narrow: (next: Filter) => void;
}

/** Its values are counted when somebody is about to open it: a fleet can have a namespace for each stack. */
function Choice({ facet, all, filter, narrow }: ChoiceProps) {
  const isOpen = useSignal(false);
  const value = filter.facets[facet];
  const options = isOpen.value ? [...facetCounts(stacks.value.values(), facet)] : [];
  const isListed = options.some(([each]) => each === value);
  const fill = (): void => {
    isOpen.value = true;
  };
  return (
    <select
      aria-label={all}
      title={value === '' ? all : `${all}: ${value}`}
      class={value === '' ? undefined : 'chosen'}
      value={value}
      onFocus={fill}
      onPointerEnter={fill}
      onChange={({ currentTarget }) =>
        narrow({ ...filter, facets: { ...filter.facets, [facet]: currentTarget.value } })
      }
    >
      <option value="">{all}</option>
      {value !== '' && !isListed && <option value={value}>{value}</option>}
      {options.map(([each, count]) => (
        <option key={each} value={each}>
          {each} ({count})
        </option>
      ))}
    </select>
  );
}
