// Saving what the graphs show: every reading of the time, as the server streams it.
// SPDX-License-Identifier: Apache-2.0

/** @type {Record<string, {type: string, ending: string}>} */
export const formats = {
  csv: { type: 'text/csv', ending: 'csv' },
  ndjson: { type: 'application/x-ndjson', ending: 'ndjson' },
};

/** A name that every system takes for a file's. @param {string} text */
const fileName = (text) => text.replace(/[^\p{L}\p{N}._ -]+/gu, ' ').trim().slice(0, 60) || 'croft';

/**
 * @param {import('./types.js').Device} device @param {string} format a key of `formats` @param {number} from @param {number} to epoch ms
 * @throws {Error} when the answer is not what was asked for
 */
export async function saveReadings(device, format, from, to) {
  const { type, ending } = formats[format];
  const query = new URLSearchParams({ device: device.id, from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  const answer = await fetch(`/api/v1/data/byDate?${query}`, { headers: { Accept: type }, credentials: 'same-origin' });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const address = URL.createObjectURL(await answer.blob());
  const link = Object.assign(document.createElement('a'), { href: address, download: `${fileName(device.name)} ${new Date(from).toISOString().slice(0, 10)}.${ending}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
