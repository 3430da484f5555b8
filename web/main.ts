import { render } from 'preact';
import { App } from './app.ts';
import { html } from './html.ts';
import { keepLive } from './live.ts';
import { followTheme } from './theme.ts';

followTheme();
const root = document.getElementById('page');
if (root !== null) render(html`<${App} />`, root);
void keepLive();
