// The words for what Croft does by itself: timers, triggers and alerts. In English; used through en.js.
// SPDX-License-Identifier: Apache-2.0

export const automation = {
  spans: {
    number: 'number',
    unit: 'unit',
    /** @type {Record<string, string>} */
    units: { 1: 'seconds', 60: 'minutes', 3600: 'hours', 86400: 'days' },
  },

  zone: {
    /** @param {string} zone */
    times: (zone) => `Times of day are in the zone ${zone}.`,
    /** @param {string} zone */
    use: (zone) => `Use ${zone}`,
  },

  timers: {
    title: 'Timers',
    add: 'New timer',
    formTitle: 'New timer',
    empty: 'Nothing is scheduled.',
    failed: 'The timers could not be loaded.',
    onFor: 'On for',
    quickGroup: 'On for a time',
    /** @param {string} name @param {string} time */
    quick: (name, time) => `${name} on for ${time}`,
    /** @param {string} name */
    otherFor: (name) => `Other… (${name})`,
    other: 'Other…',
    /** @param {string} action @param {string} time */
    starting: (action, time) => `${action} for ${time}: waiting for the device…`,
    forAnother: 'for another',
    endNow: 'End now',
    what: 'What is switched',
    action: 'To which position',
    for: 'for',
    duration: 'Duration',
    presets: 'Usual durations',
    start: 'When it starts',
    /** @type {Record<string, string>} */
    starts: { now: 'Now', later: 'Later', repeat: 'Repeating' },
    at: 'Starts at',
    days: 'Days',
    time: 'Time of day',
    oneDay: 'Choose at least one day.',
    startNow: 'Start',
    save: 'Save timer',
    saving: 'Saving…',
    cancel: 'Cancel',
    remove: 'Remove',
    pause: 'Pause',
    resume: 'Resume',
    disabled: 'Paused.',
    runningNow: 'Running now.',
    /** @param {string} name @param {string} action @param {string} time */
    whatText: (name, action, time) => `${name} ${action.toLowerCase()} for ${time}`,
    /** @param {string} days @param {string} time */
    repeats: (days, time) => `${days} at ${time}`,
    /** @param {string} time */
    next: (time) => `Next: ${time}`,
    /** @param {string} time */
    startsText: (time) => `Starts ${time}`,
    /** @param {string} time */
    missed: (time) => `Missed at ${time}`,
    daily: 'Daily',
    workdays: 'Mon to Fri',
    weekend: 'Sat and Sun',
    /** @type {Record<string, string>} */
    weekdays: { mon: 'Monday', tue: 'Tuesday', wed: 'Wednesday', thu: 'Thursday', fri: 'Friday', sat: 'Saturday', sun: 'Sunday' },
    /** @type {Record<string, string>} */
    weekdaysShort: { mon: 'Mon', tue: 'Tue', wed: 'Wed', thu: 'Thu', fri: 'Fri', sat: 'Sat', sun: 'Sun' },
  },

  triggers: {
    title: 'Triggers',
    add: 'New trigger',
    newTitle: 'New trigger',
    editTitle: 'Trigger',
    empty: 'Let Croft watch a measurement: it can switch something, and e-mail you.',
    failed: 'The triggers could not be loaded.',
    goneTitle: 'This trigger is not here',
    goneText: 'It may have been removed, or it belongs to another account.',
    when: 'When',
    measurement: 'Measurement',
    otherMeasurement: 'another…',
    measurementName: 'Name of the measurement',
    of: 'of',
    kind: 'Condition',
    /** @type {Record<string, string>} */
    kinds: { above: 'is above', below: 'is below', noDataFor: 'is not heard of' },
    threshold: 'Threshold',
    for: 'for',
    holdFor: 'How long it must last',
    silence: 'How long it is not heard of',
    then: 'Then',
    command: 'Switch something',
    commandDevice: 'Device to switch',
    actuator: 'What is switched',
    action: 'To which position',
    back: 'and back again after',
    backFor: 'How long it stays so',
    /** @param {string} address */
    email: (address) => `E-mail me at ${address}`,
    noMail: 'Croft cannot send e-mail here: no mail server is set up.',
    alertNote: 'An alert is shown here in any case.',
    more: 'Against false alarms',
    margin: 'It is over when it has come back by',
    hysteresis: 'Margin (hysteresis)',
    marginUnit: 'or more.',
    rest: 'It fires at most once in',
    cooldown: 'Least time between two alerts',
    save: 'Save trigger',
    saving: 'Saving…',
    notNumber: 'Enter a number.',
    previewText: 'When would it have fired?',
    previewDays: 'How far back',
    /** @type {Record<string, string>} */
    previewRanges: { 1: 'Last 24 hours', 7: 'Last 7 days', 30: 'Last 30 days' },
    previewRun: 'Try it',
    previewing: 'Looking…',
    /** @param {number} count @param {boolean} more */
    previewCount: (count, more) => (count === 0 ? 'It would not have fired.' : count === 1 ? 'It would have fired once:' : `It would have fired ${count} times${more ? ' or more' : ''}:`),
    /** @param {string} time */
    previewLasted: (time) => `over after ${time}`,
    previewOpen: 'not over yet',
    previewNothing: 'There are no readings of this measurement in that time.',
    /** @param {number} count */
    previewReadings: (count) => `${new Intl.NumberFormat('en-GB').format(count)} readings judged.`,
    /** @param {string} summary @param {number} count */
    previewMarks: (summary, count) => `${summary} ${count === 1 ? 'One moment is marked' : `${count} moments are marked`} at which it would have fired.`,
    previewMoments: 'When it would have fired, newest first',
    /** @type {Record<string, string>} */
    phases: { inactive: 'Watching', pending: 'About to fire…', firing: 'Firing' },
    /** @param {string} time */
    since: (time) => `since ${time}`,
    /** @param {string} time */
    lastFired: (time) => `Last fired: ${time}`,
    disabled: 'Paused.',
    enable: 'Resume',
    disable: 'Pause',
    edit: 'Edit',
    remove: 'Remove the trigger…',
    removeAsk: 'Remove this trigger?',
    removeText: 'It stops watching at once. Its past alerts stay in the list.',
    removeConfirm: 'Remove it',
    removing: 'Removing…',

    // The pieces of a trigger told as a sentence.
    /** @param {string} measurement @param {string} device */
    subject: (measurement, device) => `${measurement} of ${device}`,
    /** @param {string} what @param {string} value */
    above: (what, value) => `${what} is above ${value}`,
    /** @param {string} what @param {string} value */
    below: (what, value) => `${what} is below ${value}`,
    /** @param {string} what @param {string} time */
    silent: (what, time) => `${what} is not heard of for ${time}`,
    /** @param {string} condition @param {string} time */
    lasting: (condition, time) => `${condition} for ${time}`,
    /** @param {string} condition @param {string[]} acts */
    whole: (condition, acts) => `When ${condition}, ${acts.length ? acts.join(' and ') : 'show an alert'}.`,
    /** @param {string} actuator @param {string} device @param {string} action */
    act: (actuator, device, action) => `switch ${actuator}${device && ` of ${device}`} ${action.toLowerCase()}`,
    /** @param {string} act @param {string} time */
    actFor: (act, time) => `${act} for ${time}`,
    mail: 'e-mail me',
    dots: '…',
  },

  alerts: {
    title: 'Alerts',
    /** @param {number} count */
    open: (count) => (count === 1 ? '1 open' : `${count} open`),
    emptyTitle: 'No alerts yet',
    emptyText: 'When a trigger fires, it is recorded here: what was measured, what was done, and when it was over.',
    failed: 'The alerts could not be loaded.',
    more: 'Older alerts',
    isOpen: 'Open',
    /** @param {string} time */
    lasted: (time) => `Over after ${time}`,
    /** @param {string} value @param {string} time */
    fired: (value, time) => `${value} at ${time}`,
    /** @param {string} time */
    firedSilent: (time) => `At ${time}`,
    /** @param {string} time */
    clearedAt: (time) => `Over at ${time}`,
    commandSent: 'A command was sent.',
    toTrigger: 'Its trigger',
    /** @param {number} count */
    andMore: (count) => `and ${count} more`,
    /** @param {string} value */
    measured: (value) => `It measured ${value}.`,
    /** @param {string} device @param {string} name */
    gone: (device, name) => `${device}: ${name}`,
    /** @type {Record<string, string>} */
    email: { queued: 'E-mail waiting to be sent', sent: 'E-mail sent', grouped: 'E-mailed together with others', failed: 'E-mail not delivered' },
    /** @param {string} state */
    emailOther: (state) => `E-mail: ${state}`,
    /** @param {string} what */
    over: (what) => `Over: ${what}`,
    /** @param {string} time */
    since: (time) => `since ${time}`,
    onDevice: 'Open alerts',
  },
};
