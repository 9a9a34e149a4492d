// Every word the dashboard says, in English, here and in en_automation.js. Another language is another pair of this shape.
// SPDX-License-Identifier: Apache-2.0
import { automation } from './en_automation.js';

export const english = {
  locale: 'en-GB',
  language: 'English',

  app: {
    name: 'Croft',
    skip: 'Skip to the content',
    devices: 'Devices',
    logOut: 'Log out',
    stillIn: 'You are still logged in.',
    signedInAs: 'Signed in as',
    loading: 'Loading…',
    tryAgain: 'Try again',
    close: 'Close',
    cancel: 'Cancel',
    copy: 'Copy',
    copied: 'Copied',
    copyFailed: 'Select and copy by hand',
    back: 'Devices',
    notFoundTitle: 'There is nothing here',
    notFoundText: 'The address may be mistyped, or what was here has been removed.',
    toOverview: 'Go to your devices',
    brokenTitle: 'This page has stumbled',
    brokenText: 'Something unexpected happened in the page itself. Your devices and their data are not affected.',
    reload: 'Reload the page',
  },

  connection: {
    live: 'Live',
    connecting: 'Connecting…',
    /** @param {string} time */
    stale: (time) => `Stale since ${time}`,
    staleText: 'What you see may be out of date. Reconnecting…',
    retryNow: 'Reconnect now',
    back: 'Live again. What was missed has been loaded.',
  },

  auth: {
    logInTitle: 'Log in',
    logIn: 'Log in',
    loggingIn: 'Logging in…',
    signUpTitle: 'Create your account',
    signUp: 'Create account',
    signingUp: 'Creating your account…',
    username: 'Username',
    usernameOrEmail: 'Username or e-mail',
    email: 'E-mail',
    password: 'Password',
    showPassword: 'Show password',
    hidePassword: 'Hide password',
    noAccount: 'New here?',
    toSignUp: 'Create an account',
    haveAccount: 'Already have an account?',
    toLogIn: 'Log in',
    sessionEnded: 'Your session has ended. Log in to go on.',
    wrong: 'That name and password do not match. Check both and try again.',
    closed: 'Accounts are not open for sign-up here. Ask the person who runs this Croft for one.',
    tagline: 'Your sensors and switches, live.',
  },

  overview: {
    title: 'Devices',
    add: 'Add a device',
    /** @param {number} total @param {number} online */
    summary: (total, online) => `${total === 1 ? '1 device' : `${total} devices`}, ${online} online`,
    filter: 'Find a device',
    /** @param {string} text */
    noMatch: (text) => `No device is called anything like “${text}”.`,
    emptyTitle: 'No devices yet',
    emptyText:
      'Add your first one: it gets an id and a secret of its own, and its readings appear here the moment they arrive.',
    more: 'Show more',
    noValues: 'No readings yet',
  },

  device: {
    online: 'Online',
    /** @param {string} time */
    offlineSince: (time) => `Offline since ${time}`,
    neverSeen: 'Not seen yet',
    settings: 'Settings',
    graphs: 'Measurements',
    controls: 'Controls',
    history: 'Command history',
    noReadingsTitle: 'No readings yet',
    noReadingsText:
      'When this device sends its first reading, a graph appears here for each thing it measures. Its id and topics are in its settings; a lost secret can be replaced there.',
    toSettings: 'Open settings',
    goneTitle: 'This device is not here',
    goneText: 'It may have been removed, or it belongs to another account.',
    range: 'Time range',
    /** @param {string} summary @param {number} alerts @param {number} commands */
    marked: (summary, alerts, commands) => `${summary} Marked: ${alerts === 1 ? '1 alert' : `${alerts} alerts`}, ${commands === 1 ? '1 command' : `${commands} commands`}.`,
    from: 'From',
    to: 'to',
    show: 'Show',
    badRange: 'The end must be later than the beginning.',
    zoomHint: 'Drag over a stretch to see it closer.',
    markedHint: 'Red stretches are alerts, dotted lines are commands.',
    /** @param {string} range */
    exportText: (range) => `Save every reading of ${range} as:`,
    exporting: 'Saving…',
    exportFailed: 'The readings could not be saved. Try again, or choose a shorter time.',
  },

  ranges: {
    /** @type {Record<string, string>} */
    short: { '15m': '15 min', '1h': '1 h', '24h': '24 h', '7d': '7 d', '30d': '30 d', '1y': '1 y' },
    /** @type {Record<string, string>} */
    long: {
      '15m': 'the last 15 minutes',
      '1h': 'the last hour',
      '24h': 'the last 24 hours',
      '7d': 'the last 7 days',
      '30d': 'the last 30 days',
      '1y': 'the last year',
    },
    other: 'Other…',
    /** @param {string} from @param {string} to */
    between: (from, to) => `${from} to ${to}`,
  },

  chart: {
    lowest: 'lowest',
    highest: 'highest',
    empty: 'No readings in this time',
    failed: 'The history could not be loaded.',
    libraryFailed: 'The graphs could not be loaded.',
    /** @param {string} name @param {string} range @param {string} low @param {string} high @param {string} now */
    summary: (name, range, low, high, now) =>
      `${name}, ${range}: lowest ${low}, highest ${high}, last ${now}.`,
    /** @param {string} name @param {string} range */
    summaryEmpty: (name, range) => `${name}, ${range}: no readings.`,
  },

  table: {
    title: 'As a table',
    time: 'Time',
  },

  actuators: {
    /** @type {Record<string, string>} */
    names: { led: 'LED' },
    /** @type {Record<string, string>} */
    states: { on: 'On', off: 'Off' },
    /** @param {string} state */
    reported: (state) => `reports ${state.toLowerCase()}`,
    unknown: 'has not reported yet',
    /** @param {string} name @param {string} action */
    switchTo: (name, action) => `Switch ${name} ${action}`,
    sending: 'Sending…',
    pending: 'On its way…',
    pendingOffline: 'Offline. Waits for the device until',
    sent: 'Sent, not confirmed…',
    /** @param {string} took */
    done: (took) => `Confirmed in ${took}`,
    refused: 'The device refused',
    refusedNoReason: 'The device refused, without saying why.',
    expired: 'Expired: the device did not answer in time',
    /** @param {string} why */
    failed: (why) => `Not sent. ${why}`,
  },

  commands: {
    empty: 'No commands yet. Switch something, and it is recorded here with what the device answered.',
    more: 'Older commands',
    failed: 'The command history could not be loaded.',
    /** @type {Record<string, string>} */
    states: {
      pending: 'Waiting',
      sent: 'Sent',
      done: 'Done',
      refused: 'Refused',
      expired: 'Expired',
    },
    /** @type {Record<string, string>} */
    causes: { user: 'by', timed: 'by a timer', trigger: 'by a trigger' },
    /** @param {string} duration */
    for: (duration) => `for ${duration}`,
    /** @param {string} state */
    mismatch: (state) => `Now the device reports ${state.toLowerCase()}.`,
  },

  refusals: {
    title: 'Messages that were not stored',
    here: 'A message of this device was not stored.',
    /** @param {string} name */
    of: (name) => `A message of ${name} was not stored.`,
    /** @param {string} reason @param {string} detail @param {number} count @param {string} when */
    why: (reason, detail, count, when) => `${reason} (${detail}), ${when}; ${count} so far for this reason.`,
    toDevice: 'Open the device',
    /** @type {Record<string, string>} */
    reasons: {
      badJson: 'It is not JSON',
      badName: 'A measurement’s name is not allowed',
      badValue: 'A value is neither a number nor true or false',
      badTime: 'Its time cannot be read',
      tooManyNames: 'The device has used too many different names',
      behind: 'The store was behind, and it was sent with QoS 0',
      denied: 'The broker refused it',
    },
  },

  ...automation,

  add: {
    title: 'Add a device',
    intro: 'Name it after what or where it is. You can change the name later.',
    name: 'Name',
    placeholder: 'Bed 2',
    create: 'Create device',
    creating: 'Creating…',
    waitingTitle: 'Waiting for the first reading…',
    waitingText: 'Send one from the device, or with the line below. This page notices by itself.',
    arrivedTitle: 'The first reading has arrived',
    /** @param {string} time @param {string} values */
    arrivedText: (time, values) => `At ${time}: ${values}.`,
    open: 'Open the device',
    later: 'Set it up later',
    /** @param {string} name */
    ready: (name) => `${name} is ready to connect`,
  },

  credentials: {
    title: 'Its credentials',
    once: 'The secret is shown only now and cannot be looked up again. If it gets lost, replace it in the settings.',
    id: 'Device id (MQTT username)',
    secret: 'Secret (MQTT password)',
    broker: 'Broker',
    topic: 'Topic for readings',
    tryTitle: 'Try it',
    publish: 'Send one reading from a terminal',
    virtualTitle: 'No hardware at hand?',
    virtual: 'On the machine that runs Croft, this adds three virtual devices that measure and obey',
  },

  settings: {
    title: 'Settings',
    save: 'Save name',
    saving: 'Saving…',
    saved: 'Saved.',
    connectionTitle: 'Connection',
    secretTitle: 'Secret',
    secretText: 'Replace the secret when it is lost or may have been seen by others.',
    rotate: 'Replace the secret…',
    rotateTitle: 'Replace the secret?',
    rotateText:
      'The present secret stops working at once: the device is disconnected and stays offline until it has the new one.',
    rotateConfirm: 'Replace it',
    rotating: 'Replacing…',
    rotated:
      'This secret is valid from now on; give it to the device. It is shown only now and cannot be looked up again.',
    removeTitle: 'Remove',
    removeText: 'Take this device out of Croft.',
    remove: 'Remove the device…',
    /** @param {string} name */
    removeAsk: (name) => `Remove ${name}?`,
    removeExplain:
      'It is disconnected at once, its credentials stop working, and its readings and commands are deleted. This cannot be undone.',
    removeConfirm: 'Remove it',
    removing: 'Removing…',
  },

  account: {
    title: 'Your account',
    open: 'Account',
    profile: 'Profile',
    language: 'Language',
    password: 'Password',
    current: 'Present password',
    fresh: 'New password',
    change: 'Change password',
    changing: 'Changing…',
    changed: 'Changed. You are logged out everywhere else.',
    sessions: 'Where you are logged in',
    here: 'this one',
    unknownClient: 'A program without a name',
    /** @param {string} ago */
    since: (ago) => `logged in ${ago}`,
    /** @param {string} time */
    until: (time) => `until ${time}`,
    end: 'Log out',
    endOthers: 'Log out everywhere else…',
    endOthersAsk: 'Log out everywhere else?',
    endOthersExplain: 'Every other browser and program that is logged in as you has to log in again.',
    endOthersConfirm: 'Log out everywhere else',
    ending: 'Logging out…',
    onlyHere: 'You are logged in nowhere else.',
  },

  measurements: {
    /** @type {Record<string, string>} */
    names: { temperature: 'Temperature', humidity: 'Humidity', soilMoisture: 'Soil moisture' },
    yes: 'yes',
    no: 'no',
    none: '–',
  },

  time: {
    now: 'just now',
    /** @param {number} n */
    milliseconds: (n) => `${n}\u00a0ms`,
    /** @param {number} n */
    seconds: (n) => `${n}\u00a0s`,
    /** @param {number} n */
    minutes: (n) => `${n}\u00a0min`,
    /** @param {number} n */
    hours: (n) => `${n}\u00a0h`,
    /** @param {number} n */
    days: (n) => (n === 1 ? '1 day' : `${n} days`),
    /** @param {string} time */
    today: (time) => `today ${time}`,
    /** @param {string} time */
    tomorrow: (time) => `tomorrow ${time}`,
    /** @param {string} duration */
    ago: (duration) => `${duration} ago`,
  },

  errors: {
    unreachable: 'Croft does not answer. Check that it is running and that you are connected, then try again.',
    timeout: 'Croft took too long to answer. Try again.',
    session: 'Your session has ended. Log in again.',
    forbidden: 'You may not do this.',
    gone: 'It is not here any more.',
    conflict: 'That is already taken.',
    tooLarge: 'That is too long.',
    invalid: 'Please check what is marked.',
    /** @param {number} seconds */
    tooMany: (seconds) => `Too many tries. Wait ${seconds === 1 ? 'a second' : `${seconds} seconds`} and try again.`,
    server: 'Croft had a problem with this. Try again; if it stays, its log says more.',
    required: 'Please fill this in.',
  },
};
