// The connection to the room: a WebSocket (websocket.js), or long polling (poll.js) after three failed attempts.

// WebSocket attempts in a row without an event from the server.
let failures = 0;
// When the heartbeat was sent that has no answer yet, or 0.
let probeSentAt = 0;
let backoff = 0,
	retryTimer = 0;

function connect() {
	clearTimeout(retryTimer);
	// When neither transport works, they take turns.
	// One who waits by polling goes on with the same token.
	const goesOn = polling && session.isWaiting && !joined;
	session.isWaiting = goesOn;
	polling = goesOn || (failures > 2 && !polling);
	if (goesOn) poll('');
	else if (polling) pollFirst();
	else openSocket();
}

/** Reconnects after a delay that doubles each time, up to 15 s. */
function reconnect() {
	if (!session) return;
	connected = false;
	probeSentAt = 0;
	latestPoll += 1;
	closeSocket();
	if (!joined && polling && !session.isWaiting) return showRefusal({ text: 'The room cannot be reached. Try again in a moment.' });
	backoff = Math.min(15000, backoff * 2 || 300);
	clearTimeout(retryTimer);
	retryTimer = setTimeout(connect, backoff * (0.5 + Math.random() / 2));
	renderStatus();
}

function send(event) {
	const line = JSON.stringify(event);
	if (connected && polling) poll(line);
	else if (connected) socket.send(line);
}

/** Sends the pending messages that are not in flight; returns whether it sent any. */
function sendPending() {
	if (!connected || isMuted() || (polling && Date.now() < inFlightUntil)) return false;
	let any = false;
	for (const [ref, own] of pending) {
		if (own.sentAt || (any && polling)) continue;
		const body = wireBody(own);
		if (!body) continue;
		any = true;
		own.sentAt = Date.now();
		inFlightUntil = own.sentAt + 3000;
		send({ t: 'say', ref, body });
	}
	// Shows within seconds whether the connection carries anything; a poll is answered in any case.
	if (any && !probeSentAt) polling ? (probeSentAt = Date.now()) : probe();
	return any;
}

/** Checks the connection by a heartbeat, which the server answers; without one, connects. */
function probe() {
	if (connected) {
		probeSentAt = Date.now();
		send({ t: 'beat' });
	} else if (joined && !socket) {
		connect();
	}
}
