// The icons, drawn in strokes of the text's colour; always beside words or inside something that has a name.
// SPDX-License-Identifier: Apache-2.0
import { html } from '../html.js';

// Part of the script and no files of their own: what says that the server is gone must not need the server.
/** @type {Record<string, string>} */
const paths = {
  logo: 'M12 21v-9M12 12c0-4-2.5-6.5-7.5-6.5C4.5 10 7 12 12 12zM12 14.5c0-3.6 2.3-6 7.5-6 0 4.3-2.6 6-7.5 6zM7 21h10',
  plus: 'M12 5v14M5 12h14',
  back: 'M14.5 6l-6 6 6 6',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M13 7a2 2 0 1 0 4 0 2 2 0 1 0-4 0M7 17a2 2 0 1 0 4 0 2 2 0 1 0-4 0',
  copy: 'M11 9h7a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2zM5.5 15H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1h9a1 1 0 0 1 1 1v.5',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  alert: 'M12 4l9 16H3zM12 10v4.5M12 17.2v.1',
  'log-out': 'M10 4H6a1 1 0 0 0-1 1v14a1 1 0 0 0 1 1h4M15 8l4 4-4 4M19 12H10',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM9.2 12a2.8 2.8 0 1 0 5.6 0 2.8 2.8 0 1 0-5.6 0',
  'eye-off': 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM4 20L20 4',
  offline: 'M2.5 9a14 14 0 0 1 19 0M5.7 12.6a9.3 9.3 0 0 1 12.6 0M8.8 16.1a4.8 4.8 0 0 1 6.4 0M12 19.6v.1M4.5 3.5l15 17',
  search: 'M5 11a6 6 0 1 0 12 0 6 6 0 1 0-12 0M15.5 15.5L20 20',
  node: 'M8 6h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2zM9.5 3v3M14.5 3v3M9.5 18v3M14.5 18v3M3 9.5h3M3 14.5h3M18 9.5h3M18 14.5h3',
  bell: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5a2.2 2.2 0 0 0 4 0',
  close: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  clock: 'M4 12a8 8 0 1 0 16 0 8 8 0 1 0-16 0M12 7.5V12l3 2',
};

/** @param {{name: string, class?: string}} props */
export function Icon({ name, class: extra = '' }) {
  return html`<svg class=${`icon ${extra}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d=${paths[name]} />
  </svg>`;
}
