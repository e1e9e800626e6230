// What holds for everyone in the room: locked, lobby, slow, fade, and when it ends.

// As the room sends it. Spans are in seconds; `ends_at` is in milliseconds since 1970.
let rules = {};
// The room's clock is ahead of this computer's by so many milliseconds.
let timeOffset = 0;
// Seconds before the end at which the log says how long it is.
const END_NOTES = [300, 60];
// Seconds to the end when it was last looked at. 0 after a change, which says the time itself.
let shownToEnd = 0;
// Not live: it changes every second. The log says once what has changed, and the message box is described by it.
const rulesLine = el('p.dim', { id: 'rules' });

const roomTime = () => Date.now() + timeOffset;
const secondsTo = (time) => Math.max(0, Math.round((time - roomTime()) / 1000));

/** A span of a rule: 30 s, 10 min, 2 h. */
const span = (seconds) => (seconds % 60 ? seconds + ' s' : seconds % 3600 ? seconds / 60 + ' min' : seconds / 3600 + ' h');

/** A time that is left, in whole minutes before it is 4:59. */
const left = (seconds) => (seconds > 300 ? Math.ceil(seconds / 60) + ' min' : Math.floor(seconds / 60) + ':' + `${seconds % 60}`.padStart(2, 0));

function rulesText() {
	const { locked, lobby, slow, fade, ends_at: end } = rules;
	const toEnd = secondsTo(end);
	const texts = [
		locked && 'locked',
		lobby && 'newcomers wait for the host',
		slow && 'one message in ' + span(slow),
		fade && 'messages disappear after ' + span(fade),
		end && 'ends ' + (toEnd > 3600 ? 'at ' + clock(end - timeOffset) : 'in ' + left(toEnd)),
	];
	return texts.filter(Boolean).join(', ');
}

/** Takes the rules of a welcome, and the time of the room. */
function startRules(current) {
	timeOffset = current.at - Date.now();
	setRules(current);
}

/** Takes the rules of a welcome, or of a change. */
function setRules(changed) {
	const before = rulesText();
	rules = changed;
	const text = rulesText();
	if (joined && text !== before) addNote('Rules now: ' + (text || 'none'));
	shownToEnd = 0;
	renderRules();
	renderInvite();
}

function renderRules() {
	rulesLine.textContent = rulesText();
	const toEnd = secondsTo(rules.ends_at);
	if (rules.ends_at && joined && END_NOTES.some((note) => toEnd <= note && note < shownToEnd)) addNote('The room ends in ' + left(toEnd));
	shownToEnd = toEnd;
}

/** Removes the messages that are as old as the rules let them become. */
function fadeLog() {
	for (const line of rules.fade ? log.querySelectorAll('.message') : []) if (roomTime() - line.since >= rules.fade * 1000) removeLine(line);
}
