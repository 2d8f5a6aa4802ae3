/** Light or dark: as the system has it, until somebody chooses. */
import { effect, signal } from '@preact/signals';

const themes = ['System', 'Light', 'Dark'] as const;
type Theme = (typeof themes)[number];

const place = 'jtel.theme';

export const themeWords: Readonly<Record<Theme, string>> = {
  System: 'Light or dark as the system',
  Light: 'Light',
  Dark: 'Dark',
};

export const theme = signal<Theme>(remembered());

export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'System';
}

export function keepTheme(): void {
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
    try {
      localStorage.setItem(place, theme.value);
    } catch {
      // A browser that stores nothing forgets it.
    }
  });
}

function remembered(): Theme {
  try {
    return themes.find((each) => each === localStorage.getItem(place)) ?? 'System';
  } catch {
    return 'System';
  }
}
