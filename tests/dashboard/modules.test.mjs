// The dashboard's reckoning without a browser: points and gaps of a graph, axes, and how values are written.
// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figure, steadyRange } from '../../web/src/charts/figure.js';
import { beginOf, rangeOf } from '../../web/src/charts/ranges.js';
import { Series, fromHistory } from '../../web/src/charts/series.js';
import { countdown, duration, measurementName, moment, span, upcoming, valueText, valueWithUnit } from '../../web/src/format.js';
import { secondsOf, spanOf } from '../../web/src/span.js';
import { conditionOf, draftOf, freshDraft, wishOf, wrongNumbers } from '../../web/src/trigger_draft.js';

const t0 = Date.parse('2026-11-22T13:00:00.000Z');
const every = (ms, count, value = (i) => i) => Array.from({ length: count }, (_, i) => [t0 + i * ms, value(i), value(i), value(i)]);

test('a hole of missing readings splits the line, whatever the device’s own pace', () => {
  for (const pace of [1_000, 60_000]) {
    const rows = every(pace, 30).filter((_, i) => i < 10 || i >= 20);
    const pieces = new Series(0, fromHistory(rows)).pieces();
    assert.deepEqual(pieces.map((piece) => piece.length), [10, 10]);
  }
  assert.equal(new Series(0, fromHistory(every(60_000, 30))).pieces().length, 1);
});

test('one late reading is no hole', () => {
  const rows = every(10_000, 20).filter((_, i) => i !== 7);
  assert.equal(new Series(0, fromHistory(rows)).pieces().length, 1);
});

test('live readings closer than the resolution share a point that keeps their extremes', () => {
  const series = new Series(1_000);
  for (const [ms, value] of [[0, 5], [200, 9], [400, 1], [999, 5], [1_000, 7]]) series.add(t0 + ms, value);
  assert.deepEqual(series.points.map(([time, min, max, avg]) => [time - t0, min, max, avg]), [[0, 1, 9, 5], [1_000, 7, 7, 7]]);
});

test('a late reading finds its place, and one delivered twice is drawn once', () => {
  const series = new Series(0, fromHistory(every(1_000, 3)));
  series.add(t0 + 1_500, 42);
  series.add(t0 + 1_500, 42);
  series.add(t0 + 2_000, 2);
  assert.deepEqual(series.points.map(([time]) => time - t0), [0, 1_000, 1_500, 2_000]);
});

test('a graph left open for days stays bounded', () => {
  const series = new Series(0);
  for (let i = 0; i < 50_000; i += 1) series.add(t0 + i * 1_000, i);
  assert.ok(series.points.length <= 4_000);
  series.trim(t0 + 49_990_000);
  assert.equal(series.points.length, 10);
});

test('history without a value leaves a gap and no zero', () => {
  assert.equal(fromHistory([[new Date(t0).toISOString(), null, null, null], [t0 + 1, 1, 1, 1]]).length, 1);
});

test('an axis keeps its limits while values stay within them', () => {
  const range = steadyRange({ low: 20.1, high: 21.9 }, 2);
  assert.deepEqual(steadyRange({ low: 20.2, high: 21.8 }, 2), range);
  assert.ok(range[0] <= 20.1 && range[1] >= 21.9);
});

test('the noise of a quiet sensor is not blown up, and no value is cut off', () => {
  const [low, high] = steadyRange({ low: 21, high: 21.02 }, 2);
  assert.ok(high - low >= 2);
  const [floor, ceiling] = steadyRange({ low: 3.712, high: 3.712 }, 0); // nothing is known of its noise
  assert.ok(ceiling - floor >= 0.05 && ceiling - floor < 1);
  for (const [from, to] of [[0, 0], [-5, -5], [0, 1e-12], [-1e9, 1e9], [1023, 1023]]) {
    const [bottom, top] = steadyRange({ low: from, high: to }, 0);
    assert.ok(bottom <= from && top >= to && top > bottom && Number.isFinite(top - bottom), `${from}..${to} gave ${bottom}..${top}`);
  }
});

test('the live graph of a new device begins with the device, every other one with its range', () => {
  const live = rangeOf('15m');
  assert.equal(beginOf(live, t0, t0 - 5_000), t0 - 60_000); // a minute at least
  assert.equal(beginOf(live, t0, t0 - 300_000), t0 - 300_000);
  assert.equal(beginOf(live, t0, t0 - 3_600_000), t0 - 900_000);
  assert.equal(beginOf(live, t0, NaN), t0 - 900_000);
  assert.equal(beginOf(rangeOf('24h'), t0, t0 - 5_000), t0 - 86_400_000);
  assert.equal(rangeOf('nonsense'), live);
});

test('ticks that may be half a minute apart tell their seconds', () => {
  const view = { name: 'x', binary: false, look: {}, height: 200 };
  const format = (minutes, width) => figure(new Series(0), { ...view, from: 0, to: minutes * 60_000, width }).layout.xaxis.tickformat;
  assert.equal(format(3.5, 850), '%H:%M:%S');
  assert.equal(format(5, 850), '%H:%M:%S');
  assert.equal(format(15, 850), '%H:%M');
  assert.equal(format(3.5, 320), '%H:%M');
});

test('a figure is made of anything, also of nothing', () => {
  const view = { from: t0, to: t0 + 900_000, name: 'x', binary: false, look: {}, width: 600, height: 200 };
  for (const rows of [[], every(1_000, 1), every(1_000, 500, (i) => Math.sin(i))]) {
    const { data, layout } = figure(new Series(0, fromHistory(rows)), view);
    assert.equal(data.length, 3);
    assert.equal(layout.xaxis.range[1] - layout.xaxis.range[0], 900_000);
  }
});

test('a mark is a point where it begins, and shaded as long as it lasts', () => {
  const view = { from: t0, to: t0 + 900_000, name: 'x', binary: false, look: { mark: '#b3261e', surface: '#ffffff' }, width: 600, height: 200 };
  const marks = [{ from: t0 + 60_000, to: t0 + 90_000, value: 7 }, { from: t0 + 600_000, to: null, value: null }];
  const { data, layout } = figure(new Series(0, fromHistory(every(1_000, 500))), { ...view, marks });
  assert.deepEqual([data[3].x, data[3].y], [[t0 + 60_000], [7]]);
  const shaded = layout.shapes.filter(({ type }) => type === 'rect').map(({ x0, x1 }) => [x0 - t0, x1 - t0]);
  assert.deepEqual(shaded, [[60_000, 90_000], [600_000, 900_000]], 'one that is not over lasts to the end');
  assert.equal(figure(new Series(0), view).layout.shapes, undefined);
});

test('values are written as people write them', () => {
  const cases = [
    [23.5, '23.5'], [41, '41'], [-3.25, '−3.25'], [1023, '1023'], [0, '0'], [-0.001, '−0.001'], [3.14159, '3.14'],
    [123.456, '123.5'], [5e9, '5.00e9'], [true, 'yes'], [false, 'no'], [NaN, '–'], [undefined, '–'], ['<b>', '–'], [null, '–'],
  ];
  for (const [value, text] of cases) assert.equal(valueText(value), text);
  assert.equal(valueWithUnit('temperature', 21), '21.0\u00a0°C');
  assert.equal(valueWithUnit('constructor', 21), '21');
});

test('names of measurements become words, also those that JavaScript knows', () => {
  const cases = { soilMoisture: 'Soil moisture', 'battery.voltage': 'Battery voltage', doorOpen: 'Door open', CO2: 'CO2', constructor: 'Constructor', toString: 'To string' };
  for (const [name, words] of Object.entries(cases)) assert.equal(measurementName(name), words);
});

test('durations and moments are short and exact enough', () => {
  const cases = [[14, '14 ms'], [2_540, '2.5 s'], [9_940, '9.9 s'], [59_000, '59 s'], [61_000, '1 min'], [3_600_000, '1 h'], [4 * 86_400_000, '4 days']];
  for (const [ms, text] of cases) assert.equal(duration(ms).replace('\u00a0', ' '), text);
  const noon = new Date(2026, 10, 22, 12, 0).getTime();
  assert.equal(moment(noon, noon + 60_000), '12:00');
  assert.equal(moment(noon - 86_400_000, noon), '21 Nov, 12:00');
  assert.equal(moment(noon - 400 * 86_400_000, noon), '18 Oct 2025, 12:00');
});

test('a length of time is told without rounding, and typed as it is told', () => {
  const cases = [[1, '1 s'], [59, '59 s'], [60, '1 min'], [90, '90 s'], [300, '5 min'], [5_400, '90 min'], [7_200, '2 h'], [86_400, '1 day'], [129_600, '36 h'], [172_800, '2 days']];
  for (const [seconds, text] of cases) {
    assert.equal(span(seconds).replace('\u00a0', ' '), text);
    assert.equal(secondsOf(spanOf(seconds)), seconds);
  }
  assert.equal(secondsOf(spanOf(0)), 0);
  assert.ok(Number.isNaN(secondsOf({ amount: ' ', unit: '60' })));
});

test('a count-down ends at zero, and shows a second until it has passed', () => {
  const cases = [[0, '0:00'], [-5, '0:00'], [1, '0:01'], [999, '0:01'], [1_000, '0:01'], [1_001, '0:02'], [600_000, '10:00'], [3_600_000, '1:00:00'], [4_198_000, '1:09:58']];
  for (const [ms, text] of cases) assert.equal(countdown(ms), text);
});

test('what is to come is named by its day while that is near', () => {
  const noon = new Date(2026, 10, 22, 12, 0).getTime(); // a Sunday
  const at = (days) => new Date(2026, 10, 22 + days, 6, 30).getTime();
  assert.deepEqual([0, 1, 2, 6, 7].map((days) => upcoming(at(days), noon)), ['today 06:30', 'tomorrow 06:30', 'Tuesday 06:30', 'Saturday 06:30', '29 Nov, 06:30']);
});

test('a trigger comes through the form as it was', () => {
  const fresh = freshDraft('temperature', 'other', 'led');
  const triggers = [
    { device: 'd', measurement: 'soilMoisture', below: 300, hysteresis: 10, holdFor: 300, cooldown: 90, command: { device: 'd', actuator: 'pump', action: 'on', for: 60 }, email: true },
    { device: 'd', measurement: 'temperature', above: -0.5, hysteresis: 0, holdFor: 0, cooldown: 0, command: { device: 'e', actuator: 'heater', action: 'off' }, email: false },
    { device: 'd', measurement: 'humidity', noDataFor: 7_200, cooldown: 0, command: null, email: true },
  ];
  for (const trigger of triggers) {
    for (const mails of [true, false]) assert.deepEqual(wishOf(draftOf(trigger, fresh), 'd', mails), trigger);
    assert.deepEqual(wrongNumbers(draftOf(trigger, fresh)), []);
  }
  assert.deepEqual([true, false].map((mails) => wishOf(fresh, 'd', mails).email), [true, false], 'a new one mails where Croft can');
});

test('what is no number is named before anything is sent', () => {
  const fresh = freshDraft('temperature', 'd', 'led');
  assert.deepEqual(wrongNumbers(fresh), ['below']);
  assert.deepEqual(wrongNumbers({ ...fresh, kind: 'above', threshold: 'warm', hysteresis: '-' }), ['above', 'hysteresis']);
  assert.deepEqual(wrongNumbers({ ...fresh, kind: 'noDataFor', noDataFor: { amount: '', unit: '1' } }), ['noDataFor']);
  assert.deepEqual(wrongNumbers({ ...fresh, threshold: '1,5', acts: true, backAfter: { amount: '', unit: '60' } }), ['command.for']);
  assert.equal(conditionOf({ ...fresh, threshold: '1,5' }, 'd').below, 1.5);
});
