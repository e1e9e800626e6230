'use strict';
// The state of the page: one tab has one session in one room. It is kept in these variables and
// nowhere else, so that endSession() can clear all of it; what a reload needs is in address.js.

// As many as the server's ring holds by default; the oldest lines are removed first.
const MAX_LOG_LINES = 500;
// Seconds without contact after which the page clears what others wrote.
const CONTACT_TIMEOUT = 120;
// Own messages without an answer. The server recognizes repeats among the last 32 of a participant.
const MAX_PENDING = 10;
// A tunnel that was lost comes back under another address, which an old page cannot learn.
const NEW_LINK_HINT = 'The room may have a new link: ask the person who invited you';
// Milliseconds after which a message without an answer is given back. The room answers at once.
const ANSWER_TIMEOUT = 60000;
// Milliseconds after which a connection without any answer counts as lost. Checked once a second: within 5 s.
const PROBE_TIMEOUT = 3800;
// Constants that the server has too: graphemes of a name, lines of a message.
const { maxName, messageLines } = document.body.dataset;
// The secret part of the link.
let ticket;

// By number: {n, tag, name}. Participants who left stay, because their messages are still shown.
const participants = new Map();
// Numbers of the participants who are in the room now.
const present = new Set();
// Number of a participant to the time at which "is typing" disappears. Empty in a sealed room.
const typingUntil = new Map();
// Own messages without an answer: ref to {body, line, sentAt}; sentAt is 0 before they are sent.
const pending = new Map();
// From the join to the end: {name, resume, epoch, n, lastSeq, joinSeq}; in a sealed room also {guest, knock}.
// isWaiting is true while the host decides whether to let one in.
let session = null;
// Whether the server has admitted this session, and it has not ended yet.
let joined = false;
let connected = false,
	polling = false;
// Seconds since the last event from the server.
let silentSeconds = 0;
// Whether the log is scrolled to its end, and stays there when lines are added.
let followsLog = true;
// Refused messages that restoreDraft() has put at the start of the input.
let restored = '';
// A refusal or a hint, shown instead of the state of the connection.
let notice = '';
// Whether the reason of the notice still holds.
let noticeHolds = null;
// Messages of others since the tab was hidden or the log scrolled up.
let unreadCount = 0;
let lastRef = 0;
