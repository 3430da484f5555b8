import { Cell } from './cell.ts';

export type Theme = 'system' | 'light' | 'dark';

const key = 'bridgehead.theme';
const order: readonly Theme[] = ['system', 'light', 'dark'];

export const theme = new Cell<Theme>(read());

/** Light and dark as the machine has it, or as was chosen here. */
export function followTheme(): void {
  const set = () => {
    document.documentElement.dataset['theme'] = theme.value;
  };
  set();
  theme.listen(set);
}

export function turnTheme(): void {
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length] ?? 'system';
  localStorage.setItem(key, theme.value);
}

function read(): Theme {
  const found = localStorage.getItem(key);
  return order.find((one) => one === found) ?? 'system';
}
