// Limits are named before they are reached.

// What the room allows one participant: `per_second` messages, and `burst` in a row. Without a limit 0.
let rate = { per_second: 0 };
// Messages that the room would accept now, as of `countedAt`.
let allowance = 0,
	countedAt = 0;
let maxPeople, messageBytes;
// Times of the room: until when the host has muted this participant, and from when slow mode takes a message.
let mutedUntil = 0,
	nextMessageAt = 0;

const isMuted = () => roomTime() < mutedUntil;
const isSlowed = () => rules.slow && roomTime() < nextMessageAt;

/** Takes the limits of the room from the welcome. */
function setLimits(limits) {
	({ max_participants: maxPeople, message_bytes: messageBytes } = rate = limits);
	messageBytes = Math.min(messageBytes, MAX_TEXT_BYTES);
	allowance = rate.burst;
}

function countAllowance() {
	const now = Date.now();
	allowance = Math.min(rate.burst, allowance + ((now - countedAt) / 1000) * rate.per_second);
	countedAt = now;
}

function useAllowance() {
	countAllowance();
	allowance -= 1;
	nextMessageAt = roomTime() + rules.slow * 1000;
}

/** A size and its limit, if it comes close. */
const near = (size, limit, unit) => (size > limit * 0.8 ? `${size} of ${limit} ${unit}` : '');

/** The limits of sending that are close. */
function sendLimits() {
	countAllowance();
	const isFast = rate.per_second && allowance < rate.burst * 0.4;
	return [
		isMuted() && 'muted' + (mutedUntil < Infinity ? ' for ' + left(secondsTo(mutedUntil)) : ''),
		isSlowed() && 'next message in ' + left(secondsTo(nextMessageAt)),
		near(pending.size, MAX_PENDING, 'messages are waiting'),
		isFast ? `${Math.max(0, Math.floor(allowance))} more at once, then ${rate.per_second} per second` : '',
	];
}
